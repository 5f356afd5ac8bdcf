#include <algorithm>
#include <set>

#include "data/kinds.h"
#include "models/kinds.h"
#include "tests/train/run_program.h"
#include "train/tasks/task.h"

namespace heddle {
namespace {

/// Gives a key another value than it has.
void change(const Key& key) {
  if (auto* const* whole = std::get_if<std::int64_t*>(&key.member)) **whole += 1;
  if (auto* const* number = std::get_if<double*>(&key.member)) **number += 0.5;
  if (auto* const* truth = std::get_if<bool*>(&key.member)) **truth = !**truth;
  if (auto* const* text = std::get_if<std::string*>(&key.member)) **text += "x";
  if (auto* const* list = std::get_if<std::vector<std::string>*>(&key.member)) (*list)->push_back("x");
  if (auto* const named = std::get_if<Key::EnumMember>(&key.member)) {
    const std::string before = named->get();
    for (std::size_t i = 0; i < key.choices.size() && named->get() == before; ++i) named->set(i);
  }
}

/// The names in backquotes of the first column of the README's table with this heading.
std::set<std::string> readme_keys(const std::string& heading) {
  const std::string readme = read_bytes(HEDDLE_SOURCE_DIR "/README.md");
  std::set<std::string> names;
  for (std::size_t at = readme.find('\n', readme.find('\n', readme.find(heading)) + 1) + 1;
       at < readme.size() && readme[at] == '|'; at = readme.find('\n', at) + 1) {
    const std::string cell = readme.substr(at + 1, readme.find('|', at + 1) - at - 1);
    for (std::size_t begin = cell.find('`'); begin != cell.npos;) {
      const std::size_t end = cell.find('`', begin + 1);
      names.insert(cell.substr(begin + 1, end - begin - 1));
      begin = cell.find('`', end + 1);
    }
  }
  return names;
}

}  // namespace

TEST_CASE("of every key of every kind it is settled whether it may change on resume, as the README's table says") {
  std::set<std::string> may, may_not;
  for (const ModelKind& model : model_kinds()) {
    for (const DataKind& data : data_kinds()) {
      if (!learns_from(model, data)) continue;
      const Settings settings = Settings::from_text(
          concat_text("[data]\nkind = ", data.name, "\n[model]\nkind = ", model.name, "\n"), "test");
      Experiment before(settings);
      for (std::size_t s = 0; s < before.sections().size(); ++s) {
        for (std::size_t k = 0; k < before.sections()[s].keys.size(); ++k) {
          Experiment now(settings);
          const Section section = now.sections()[s];
          const Key& key = section.keys[k];
          if (!key.kept || key.name == "kind") continue;  // said for once; brings other keys
          const std::string name = section.name + '.' + key.name;
          INFO(model.name << " of " << data.name << ": " << name);
          change(key);
          CHECK_NOTHROW(check_resumable(before.sections(), before.sections()));
          if (key.may_change) {
            may.insert(name);
            CHECK_NOTHROW(check_resumable(before.sections(), now.sections()));
          } else {
            may_not.insert(name);
            CHECK_THROWS_WITH(check_resumable(before.sections(), now.sections()),
                              Catch::StartsWith("resume: " + name + " was ") &&
                                  Catch::Contains("; start a new run with heddle train for that"));
          }
        }
      }
    }
  }
  CHECK(may == readme_keys("| may change on resume |"));
  CHECK(may_not.size() > 80);
  for (const std::string& name : may) CHECK_FALSE(may_not.contains(name));
}

TEST_CASE("a run that is given more steps says what becomes of its learning rate, and may keep the old end") {
  const TemporaryFolder folder;
  const std::string run = folder.path("run");
  REQUIRE(train(folder, "run", {"--train.steps=20", "--optim.warmup_steps=0"}).status == 0);
  const auto resumed = [&](const std::vector<std::string>& more) {
    std::vector<std::string> arguments = {"resume", run, "--train.sample_tokens=0"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const Outcome outcome = run_program(folder, arguments);
    INFO(outcome.err);
    REQUIRE(outcome.status == 0);
    return outcome.out;
  };
  // half of the cosine, (1e-3 + 1e-4) / 2, where it was at its end
  CHECK_THAT(resumed({"--train.steps=40"}),
             Catch::Contains("the learning rate of the next step is 0.00055 and was to be 0.0001: it falls until step "
                             "40, and fell until step 20; --optim.decay_steps=20"));
  const std::string kept = resumed({"--train.steps=60", "--optim.decay_steps=40"});
  CHECK_THAT(kept, !Catch::Contains("was to be") && Catch::Contains("lr 1.0e-04"));
  CHECK_THAT(resumed({"--train.steps=70"}), !Catch::Contains("was to be"));  // decay_steps holds
}

}  // namespace heddle
