// What training may take, said before it is taken.

#include "train/run/memory.h"

#include "framework/tensor.h"
#include "tests/train/run_program.h"
#include "tests/train/trainer_setup.h"

namespace heddle {
namespace {

Experiment with(const std::string& more) {
  return Experiment(Settings::from_text("[run]\nprecision = f32\n[data]\nsize = 90000\n" + more, "test"));
}

}  // namespace

TEST_CASE("what is there from the first step to the last is known from sizes alone, to the bytes of the tensors") {
  const std::string kind = GENERATE("sgd", "adamw", "muon");
  const std::string more = GENERATE("", "ema_decay = 0.9\n[train]\nfreeze = blocks/0/mlp\n");
  const Experiment experiment =
      with("[model]\nn_layer = 1\nn_head = 2\nn_embd = 16\nblock_size = 8\n[optim]\nkind = " + kind + "\n" + more);
  const DataSpec spec = experiment.load_data()->state().spec();
  const auto counted = experiment.model->build(spec, Initializer::counting());
  const MemoryEstimate expected = experiment.learner->lasting_memory(*counted, experiment.precision());
  const auto before = static_cast<double>(pool_stats().bytes_in_use);
  const auto model = experiment.build_model(spec);
  const auto learner = experiment.make_learner(*model);
  const double taken = static_cast<double>(pool_stats().bytes_in_use) - before;
  CHECK(taken >= expected.parameters + expected.optimizer);
  CHECK(taken <= (expected.parameters + expected.optimizer) * 1.125);  // the pool's blocks are up to so much larger
  CHECK(learner->lasting_memory().total() == expected.total());
}

TEST_CASE("a model that train.memory_limit or the machine cannot hold is refused before data and weights are made",
          "[limits]") {
  const TemporaryFolder folder;
  const auto refused = [&](std::vector<std::string> more, const std::string& text) {
    more.push_back("--data.path=" + folder.path("none.txt"));  // so nothing was read
    more.push_back("--model.n_layer=12");
    const auto limit = limited(RLIMIT_AS, rlim_t{4} << 30U);  // and no weights of 2.4 GB with their moments made
    more.insert(more.begin(), {"train", tiny_config(folder), "--run.dir=" + folder.path("run")});
    check_one_line(run_program(folder, more, "", limit), 1, text);
    CHECK_FALSE(std::filesystem::exists(folder.path("run")));
  };
  refused({"--train.memory_limit=2", "--model.n_embd=2048"},
          "train.memory_limit = 2 GB, but parameters, gradients and optimizer alone take ");
  refused({"--model.n_embd=2048"}, "ulimit -v");
  refused({"--train.memory_limit=20", "--model.n_embd=2048"}, "none.txt does not exist");  // which would be fine
}

TEST_CASE("a run that is to go on with too little memory is refused before its weights are read") {
  const TemporaryFolder folder;
  REQUIRE(train(folder, "run", {"--train.steps=2"}).status == 0);
  CHECK_THROWS_WITH(load_checkpoint(folder.path("run/last.h5"), Purpose::resume, {"train.memory_limit=1e-6"}),
                    Catch::Contains("alone take"));
  CHECK_NOTHROW(load_checkpoint(folder.path("run/last.h5"), Purpose::resume));
}

TEST_CASE("without a limit the forecast is held against what is free, and train.memory_limit goes before that") {
  TrainConfig train;
  const MemoryLimit free = memory_limit(train);
  CHECK(free.bytes > 1e6);
  MemoryEstimate lasting;
  lasting.parameters = free.bytes * 2;
  CHECK_THROWS_WITH(check_lasting_memory(free, lasting),
                    Catch::Contains(free.text) && Catch::Contains("smaller model"));
  lasting.parameters = free.bytes / 2;
  CHECK_NOTHROW(check_lasting_memory(free, lasting));
  train.memory_limit = free.bytes * 3 / 1e9;
  CHECK(memory_limit(train).bytes == Approx(free.bytes * 3));
}

TEST_CASE("a step that is tried to see what memory it takes stays below the limit itself, unless it is small") {
  TrainerSetup setup(
      with("[model]\nn_layer = 6\nn_head = 2\nn_embd = 192\nblock_size = 2000\n[train]\nbatch_size = 2\n"));
  const auto held = static_cast<double>(pool_stats().bytes_in_use);
  setup.experiment.train.memory_limit = (setup.learner->lasting_memory().total() + held) * 1.1 / 1e9;
  pool_reset_peak();
  CHECK_THROWS_WITH(setup.trainer.check_memory_limit(),
                    Catch::Contains("take more; ") && Catch::Contains("not even train.batch_size = 1 would fit"));
  CHECK(static_cast<double>(pool_stats().peak_bytes) <= held + (1 << 27));
  CHECK(static_cast<double>(pool_stats().bytes_in_use) == held);  // nothing of it is left
}

TEST_CASE("tensors are refused beyond the pool's limit while there is one") {
  const auto now = static_cast<double>(pool_stats().bytes_in_use);
  {
    const PoolLimit limit(now + 1e6);
    const Tensor fits({100000});
    CHECK_THROWS_AS(Tensor({200000}), std::bad_alloc);
    CHECK_THROWS_AS(Tensor({100000}) + Tensor({100000}), std::bad_alloc);
  }
  const Tensor large({1000000});
  CHECK(large.numel() == 1000000);
}

}  // namespace heddle
