#include "train/run/folder/result.h"

#include <signal.h>

#include <nlohmann/json.hpp>

#include "tests/train/run_program.h"
#include "train/run/stop.h"

namespace heddle {
namespace {

double loss_of(const Metrics& figures) {
  REQUIRE(!figures.empty());
  REQUIRE(figures[0].name == "loss");
  return figures[0].value;
}

/// The whole validation split's loss as `heddle eval` finds it.
double judged(const TemporaryFolder& folder, const std::string& checkpoint) {
  const Outcome eval = run_program(folder, {"eval", checkpoint, "--json"});
  REQUIRE(eval.status == 0);
  return nlohmann::json::parse(eval.out).at("loss");
}

}  // namespace

TEST_CASE("a run's result is what eval finds of its last and its best model, and a hash of the last") {
  const TemporaryFolder folder;
  // the rate rises, and soon is far too high
  REQUIRE(train(folder, "run",
                {"--train.steps=120", "--train.eval_interval=20", "--train.eval_batches=0", "--optim.ema_decay=0.5",
                 "--optim.lr=20", "--optim.schedule=linear", "--optim.min_lr=0", "--optim.warmup_steps=1000"})
              .status == 0);
  const RunResult result = RunResult::read(folder.path("run/result.json"));
  CHECK(result.step == 120);
  REQUIRE(result.best_step < 120);
  CHECK(!result.early);
  CHECK(loss_of(result.whole) == judged(folder, folder.path("run/last.h5")));
  CHECK(loss_of(result.best_whole) == judged(folder, folder.path("run/best.h5")));
  CHECK(loss_of(result.best_whole) < loss_of(result.whole));
  const LoadedRun last = load_checkpoint(folder.path("run/last.h5")),
                  best = load_checkpoint(folder.path("run/best.h5"));
  CHECK(result.weights == weights_hash(*last.model));
  CHECK(result.weights != weights_hash(*best.model));
}

TEST_CASE("a run that is stopped has no result until it is over, and then that of one that never stopped") {
  const TemporaryFolder folder;
  REQUIRE(train(folder, "whole", {"--train.steps=60", "--optim.decay_steps=100"}).status == 0);
  REQUIRE(train(folder, "run", {"--train.steps=40", "--optim.decay_steps=100"}).status == 0);
  CHECK(RunResult::read(folder.path("run/result.json")).step == 40);
  Process process(folder, {"resume", folder.path("run"), "--train.steps=1000000"});
  REQUIRE(appears(folder.path("run/log.txt"), "going on after step 40"));
  process.send(SIGTERM);
  REQUIRE(process.wait() == kStoppedStatus);
  CHECK(!std::filesystem::exists(folder.path("run/result.json")));
  const std::int64_t step = load_checkpoint(folder.path("run/last.h5")).state.step;
  if (step < 60) {
    REQUIRE(run_program(folder, {"resume", folder.path("run"), "--train.steps=60"}).status == 0);
    CHECK(read_bytes(folder.path("run/result.json")) == read_bytes(folder.path("whole/result.json")));
  }
}

TEST_CASE("a run that was killed before it was judged is judged where it is gone on with") {
  const TemporaryFolder folder;
  const auto judged_again = [&](const std::vector<std::string>& command) {
    const std::string was = read_bytes(folder.path("run/result.json"));
    std::filesystem::remove(folder.path("run/result.json"));
    REQUIRE(run_program(folder, command).status == 0);
    CHECK(read_bytes(folder.path("run/result.json")) == was);
  };
  REQUIRE(train(folder, "run", {"--train.steps=40"}).status == 0);
  judged_again({"resume", folder.path("run")});
  const std::string config = folder.path("tiny.cfg"), dir = "--run.dir=" + folder.path("run");
  judged_again({"train", config, dir, "--train.steps=40", "--resume=auto"});
  // also one that early_stop has ended
  REQUIRE(train(folder, "run",
                {"--train.steps=4000", "--train.eval_interval=1", "--train.early_stop=1", "--run.overwrite=true",
                 "--optim.lr=1"})
              .status == 0);
  REQUIRE(RunResult::read(folder.path("run/result.json")).early);
  judged_again({"resume", folder.path("run")});
}

TEST_CASE("models with the same weights have one hash, and any other value, name or shape another") {
  const auto hash_of = [](const std::string& more) {
    const Experiment experiment(Settings::from_text(
        "[data]\nsize = 20000\n[model]\nn_layer = 1\nn_head = 2\nn_embd = 16\nblock_size = 16\n" + more, "test"));
    const auto dataset = experiment.load_data();
    const auto model = experiment.build_model(dataset->state().spec());
    const std::string hash = weights_hash(*model);
    CHECK(hash == weights_hash(*model));
    return std::pair(hash, [&] {
      Tensor tensor = model->named_parameters().back().tensor;
      tensor.mutable_data()[tensor.numel() - 1] += 1e-3F;
      return weights_hash(*model);
    }());
  };
  const auto [one, changed] = hash_of("");
  CHECK(one.size() == 16);
  CHECK(one == hash_of("").first);
  CHECK(one != changed);
  CHECK(one != hash_of("[run]\nseed = 2\n").first);
}

TEST_CASE("a result that is damaged or none is named, and a figure that is not finite comes back") {
  const TemporaryFolder folder;
  RunResult result{7, 5, true, "00ff", {{"loss", std::numeric_limits<double>::infinity()}}, {{"loss", 0.1}}};
  const std::string path = folder.write("result.json", result.json());
  const RunResult read = RunResult::read(path);
  CHECK(std::isnan(read.whole[0].value));
  CHECK(read.best_whole[0].value == 0.1);
  CHECK(read.best_step == 5);
  CHECK(read.early);
  for (const char* bad : {"", "{", "[]", "{\"step\": \"x\"}"}) {
    write_bytes(path, bad);
    CHECK_THROWS_WITH(RunResult::read(path), Catch::Contains("result.json is damaged, or was not written by heddle"));
  }
  CHECK_THROWS_WITH(RunResult::read(folder.path("none.json")), Catch::Contains("none.json"));
}

}  // namespace heddle
