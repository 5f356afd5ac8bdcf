// heddle runs diff: the first step at which two runs part, and the weights that do.

#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>

#include "tests/train/run_program.h"
#include "train/commands/runs/parting.h"

namespace heddle {
namespace {

NamedParameter parameter(const char* name, std::vector<real> values, std::optional<Shape> shape = {}) {
  NamedParameter made;
  made.name = name;
  if (!shape) shape = Shape{static_cast<index_t>(values.size())};
  made.tensor = Tensor(*shape);
  std::copy(values.begin(), values.end(), made.tensor.mutable_data());
  return made;
}

nlohmann::json diff(const TemporaryFolder& folder, const std::string& one, const std::string& other) {
  const Outcome outcome = run_program(folder, {"runs", "diff", one, other, "--json"});
  INFO(outcome.err);
  REQUIRE(outcome.status == 0);
  return nlohmann::json::parse(outcome.out);
}

}  // namespace

TEST_CASE("courses part at the first step whose figures differ in a bit, of those that both measured") {
  const double none = std::nan("");
  History one, other;
  one.add(5, {{"train_loss", 9}, {"seconds", 1}});  // which the other did not measure
  for (History* history : {&one, &other}) {
    history->add(10, {{"train_loss", 3},
                      {"tokens_per_second", history == &one ? 1.0 : 2.0},
                      {"gflops", history == &one ? 1.0 : 2.0},
                      {"seconds", history == &one ? 1.0 : 2.0}});
    history->add(20, {{"train_loss", 2}, {"val_loss", none}});
  }
  CourseParting parting = parting_of(one, other);
  CHECK(parting.same == 2);
  CHECK_FALSE(parting.step);
  one.add(30, {{"train_loss", 1}, {"val_loss", 2}});
  other.add(30, {{"train_loss", std::nextafter(1, 2)}, {"val_loss", 2}, {"val_accuracy", 0.5}});
  one.add(40, {{"train_loss", 7}});
  other.add(40, {{"train_loss", 8}});
  parting = parting_of(one, other);
  CHECK(parting.same == 2);
  CHECK(parting.step == 30);
  REQUIRE(parting.there.size() == 2);
  CHECK(parting.there[0].name == "train_loss");
  CHECK(parting.there[0].one == 1);
  CHECK(parting.there[0].other == std::nextafter(1, 2));
  CHECK(parting.there[1].name == "val_accuracy");
  CHECK(std::isnan(parting.there[1].one));
  CHECK(parting_of(one, History()).same == 0);
}

TEST_CASE("weights that differ are told with how many elements do, and by how much at most") {
  const std::vector<NamedParameter> one = {parameter("same", {1, 2}), parameter("near", {1, 2, 3}),
                                           parameter("zero", {0}),    parameter("shape", {1, 2, 3, 4}),
                                           parameter("gone", {1}),    parameter("nan", {1, 2})};
  const std::vector<NamedParameter> other = {parameter("near", {1.5, 2, 2.75}),
                                             parameter("same", {1, 2}),
                                             parameter("zero", {-0.0F}),
                                             parameter("shape", {1, 2, 3, 4}, Shape{2, 2}),
                                             parameter("new", {1}),
                                             parameter("nan", {std::nanf(""), 3})};
  const auto all = weight_differences(one, other);
  REQUIRE(all.size() == 6);
  CHECK(all[0].name == "near");
  CHECK(all[0].differing == 2);
  CHECK(all[0].largest == 0.5);
  CHECK(all[1].name == "zero");  // other bits, though the same number
  CHECK(all[1].differing == 1);
  CHECK(all[1].largest == 0);
  CHECK(all[2].one == "[4]");
  CHECK(all[2].other == "[2, 2]");
  CHECK(all[3].name == "gone");
  CHECK(all[3].other.empty());
  CHECK(std::isinf(all[4].largest));
  CHECK(all[5].name == "new");
  CHECK(all[5].one.empty());
  CHECK(weight_differences(one, one).empty());
}

TEST_CASE("of two runs that did the same only where they lie differs, and of others it is told where they part") {
  const TemporaryFolder folder;
  const std::string config = tiny_config(folder, "log_interval = 5\n");
  const auto trained = [&](const char* name, const std::string& more) {
    REQUIRE(run_program(folder, {"train", config, "--run.dir=" + folder.path(name), "--train.steps=20", more}).status ==
            0);
    return folder.path(name);
  };
  const std::string a = trained("a", "--run.threads=1"), b = trained("b", "--run.threads=2"),
                    c = trained("c", "--optim.warmup_steps=8"), flat = trained("flat", "--model.n_layer=1");
  nlohmann::json same = diff(folder, a, b);
  CHECK(same["keys"].size() == 2);  // run.dir, run.threads
  CHECK(same["computed_by"].empty());
  CHECK(same["course"] == nlohmann::json{{"same_steps", 4}, {"step", nullptr}, {"figures", nlohmann::json::array()}});
  CHECK(same["weights"].empty());
  const Outcome text = run_program(folder, {"runs", "diff", a, b});
  CHECK_THAT(text.out, Catch::Contains("course: the same at all 4 steps") && Catch::Contains("tensors are the same"));
  const nlohmann::json other = diff(folder, a, c);
  CHECK(other["course"]["step"] == 5);
  CHECK(other["course"]["same_steps"] == 0);
  CHECK(other["weights"].size() > 10);
  CHECK(other["weights"][0]["largest"] > 0);
  CHECK_THAT(run_program(folder, {"runs", "diff", a, c}).out, Catch::Contains("optim.warmup_steps") &&
                                                                  Catch::Contains("parts at step 5\n") &&
                                                                  Catch::Contains(" more (--tensors)"));
  const std::string all = concat_text(diff(folder, a, flat)["weights"].size());
  for (const auto& [one, two] : {std::pair(a, flat), std::pair(flat, a)})  // a has all that flat has
    CHECK_THAT(run_program(folder, {"runs", "diff", one, two}).out,
               Catch::Contains("weights: " + all + " of " + all + " tensors differ\n"));
  CHECK(run_program(folder, {"runs", "diff", a, c, "--tensors=2"}).out.size() <
        run_program(folder, {"runs", "diff", a, c}).out.size());
  REQUIRE(run_program(folder, {"resume", b, "--train.steps=25"}).status == 0);
  CHECK(diff(folder, a, b)["steps"] == nlohmann::json{20, 25});
  CHECK(diff(folder, a + "/best.h5", b)["steps"][0] == 20);
}

TEST_CASE("what cannot be held against another run is refused in one line") {
  const TemporaryFolder folder;
  folder.write("a/config.cfg", "");
  folder.write("b/last.h5", "damaged");
  check_one_line(run_program(folder, {"runs", "diff", folder.path("a")}), 2, "too few words");
  check_one_line(run_program(folder, {"runs", "diff", folder.path("none"), folder.path("b")}), 1,
                 "none does not exist");
  check_one_line(run_program(folder, {"runs", "diff", folder.path("a"), folder.path("b")}), 1, "no checkpoint yet");
  check_one_line(run_program(folder, {"runs", "diff", folder.path("b"), folder.path("b")}), 1, "last.h5");
}

}  // namespace heddle
