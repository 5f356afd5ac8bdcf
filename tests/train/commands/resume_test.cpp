#include "tests/train/run_program.h"

namespace heddle {

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
