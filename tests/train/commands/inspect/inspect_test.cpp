#include <cmath>
#include <nlohmann/json.hpp>

#include "tests/train/run_program.h"

namespace heddle {

TEST_CASE(
    "a word whose attention is shown is a token, or where the tokens end that make it, and of several the first") {
  const TemporaryFolder folder;
  std::string text;
  for (int i = 0; i < 300; ++i) text += i % 3 == 0 ? "the loom " : "a thread ";
  const std::string run = folder.path("run");
  REQUIRE(run_program(folder, {"train",
                               folder.write("c.cfg",
                                            "[data]\ntokenizer = bpe\nvocab_size = 270\n"
                                            "[model]\nn_layer = 1\nn_head = 1\nn_embd = 8\n"
                                            "block_size = 32\n[train]\nsteps = 1\nsample_tokens = 0\n"),
                               "--run.dir=" + run, "--data.path=" + folder.write("t.txt", text)})
              .status == 0);
  const auto asked = [&](const std::string& word) {
    return run_program(folder, {"inspect", "attention", run, "--text", "zyxw zyx yx yx w", "--json", "--word=" + word});
  };
  const auto place = [&](const std::string& word) {
    const Outcome outcome = asked(word);
    INFO(outcome.err);
    REQUIRE(outcome.status == 0);
    const nlohmann::json answer = nlohmann::json::parse(outcome.out);
    CHECK(answer["seen"].size() == answer["word"]["place"].get<std::size_t>() + 1);
    return answer["word"]["place"].get<int>();
  };
  // each letter is a token, but for blanks that may be
  CHECK(place("zyxw") == 3);
  CHECK(place("yx") == 10);
  CHECK_THAT(asked("yx").err, Catch::Contains("'yx' stands at 10, 13; the first is looked at, --word=13 for another"));
  CHECK(place("w") == 3);
  CHECK(place("zy") == 1);  // in the part of a word where it is none alone
  CHECK(place("5") == 5);
  CHECK(place("") == 15);
}

TEST_CASE("a model's own scale is shown, and a text stands between the ends that the model saw texts between") {
  const TemporaryFolder folder;
  const std::string run = folder.path("run");
  REQUIRE(run_program(folder, {"train",
                               folder.write("c.cfg",
                                            "[data]\nspecial_tokens = [CLS], [SEP], [MASK]\n"
                                            "[model]\nkind = bert\nn_layer = 1\nn_head = 1\nn_embd = 8\n"
                                            "block_size = 8\nattention_scale = none\n[train]\nsteps = 1\n"
                                            "sample_tokens = 0\n"),
                               "--run.dir=" + run, "--data.size=2000"})
              .status == 0);
  const Outcome outcome = run_program(folder, {"inspect", "attention", run, "--text=the", "--json"});
  INFO(outcome.err);
  REQUIRE(outcome.status == 0);
  const nlohmann::json answer = nlohmann::json::parse(outcome.out);
  CHECK(answer["scale"] == 1);
  std::vector<std::string> tokens;
  for (const auto& key : answer["seen"]) tokens.push_back(key["token"]);
  CHECK(tokens == std::vector<std::string>{"[CLS]", "t", "h", "e", "[SEP]"});
}

TEST_CASE("scaling is shown on random vectors without a run, the same each time, and of other seeds others") {
  const TemporaryFolder folder;
  const auto shown = [&](const std::string& more) {
    const Outcome outcome = run_program(folder, {"inspect", "scaling", "--json", more});
    REQUIRE(outcome.status == 0);
    return outcome.out;
  };
  const nlohmann::json answer = nlohmann::json::parse(shown("--seed=1"));
  CHECK_FALSE(answer.contains("layers"));
  for (const auto& law : answer["random"])
    CHECK(law["variance"].get<double>() == Approx(law["exact_variance"].get<double>()).epsilon(0.2));
  CHECK(shown("--seed=1") == shown("--keys=64"));
  CHECK(shown("--seed=1") != shown("--seed=2"));
  check_one_line(run_program(folder, {"inspect", "scaling", "--keys=1"}), 2, "must be 2 .. 65536");
}

TEST_CASE("what cannot be looked into is refused in one line") {
  const TemporaryFolder folder;
  const std::string config = folder.write("c.cfg",
                                          "[model]\nn_layer = 1\nn_head = 1\nn_embd = 8\nblock_size = 8\n"
                                          "[train]\nsteps = 1\nsample_tokens = 0\n");
  const std::string run = folder.path("run");
  REQUIRE(run_program(folder, {"train", config, "--run.dir=" + run, "--data.size=2000"}).status == 0);
  const Outcome plain = run_program(folder, {"inspect", "attention", run, "--text=a", "--json"});
  CHECK(nlohmann::json::parse(plain.out)["scale"] == Approx(1 / std::sqrt(8.0)));
  const auto refused = [&](std::vector<std::string> more, int status, const std::string& why) {
    more.insert(more.begin(), {"inspect", "attention", run});
    check_one_line(run_program(folder, more), status, why);
  };
  refused({folder.write("a.txt", "a")}, 1, "shown texts, not files");
  refused({"--text=a", "--target=b"}, 1, "--target is of a model that translates");
  refused({"--text=the king and"}, 1, "the text has 12 tokens, the model sees 8");
  refused({"--text=a", "--layer=x"}, 2, "needs a whole number");
  check_one_line(run_program(folder, {"inspect", "attention", folder.path("none"), "--text=a"}), 1, "none");
  check_one_line(run_program(folder, {"inspect", "brain"}), 2, "no part 'brain'; there are: attention, ");
}

}  // namespace heddle
