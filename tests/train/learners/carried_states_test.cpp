// Rows that go on from step to step with the states in which they ended: training, evaluation, resumed runs.

#include <catch2/catch.hpp>

#include "framework/autograd.h"
#include "models/capabilities.h"
#include "tests/temporary_folder.h"
#include "tests/train/trainer_setup.h"
#include "train/run/checkpoint.h"

namespace heddle {
namespace {

/// A tiny recurrent model in contiguous rows, but for what is `given`.
Experiment tiny(const std::vector<std::string>& given = {}) {
  Settings settings = Settings::from_text(
      "[run]\nprecision = f32\n[data]\nsize = 20000\n[model]\nkind = recurrent\nn_layer = 2\nn_embd = 16\nblock_size = "
      "8\n[optim]\nwarmup_steps = 0\nlr = 0.01\n[train]\nbatch_size = 8\norder = contiguous\n",
      "test");
  settings.override_with(given);
  return Experiment(settings);
}
/// A tiny GPT in the same order.
Experiment tiny_gpt(const std::string& order) {
  return tiny({"model.kind=gpt", "model.n_head=2", "train.order=" + order});
}

/// The weights stay as they are.
const std::vector<std::string> kStill = {"optim.kind=sgd", "optim.momentum=0", "optim.weight_decay=0", "optim.lr=0",
                                         "optim.min_lr=0"};

/// Every parameter, as bytes.
std::string weights_of(Model& model) {
  std::string all;
  for (const NamedParameter& p : model.named_parameters())
    all.append(reinterpret_cast<const char*>(p.tensor.data()),
               static_cast<std::size_t>(p.tensor.numel()) * sizeof(real));
  return all;
}

/// The weights after steps [0, count).
std::string weights_after(Experiment experiment, index_t count) {
  TrainerSetup setup(std::move(experiment));
  for (index_t step = 0; step < count; ++step) setup.trainer.step(step);
  return weights_of(*setup.model);
}

/// The mean loss of a micro-batch from given states, and what it leaves of them.
double loss_of(TrainerSetup& setup, const Batch& batch, RowStates& states) {
  const NoGradGuard no_grad;
  Context context;
  context.carried = &states;
  return static_cast<double>(setup.model->loss(batch, batch.count(), context).value.item());
}

}  // namespace

TEST_CASE("each row of a step begins with the states in which it ended the step before, and an epoch with zeros") {
  auto given = kStill;  // so losses differ by the states alone
  given.emplace_back("train.batch_size=300");
  TrainerSetup setup(tiny(given));
  const auto epoch = static_cast<index_t>(setup.trainer.feed().steps_per_epoch());
  REQUIRE(epoch == 7);
  std::vector<double> losses;
  for (index_t step = 0; step < 2 * epoch; ++step) losses.push_back(setup.trainer.step(step).loss);
  RowStates states;
  for (index_t step = 0; step < epoch; ++step) {
    INFO("step " << step);
    const auto i = static_cast<std::size_t>(step);
    CHECK(losses[i] == Approx(loss_of(setup, setup.trainer.feed().batch(step, 0), states)).epsilon(1e-5));
    CHECK(losses[i + static_cast<std::size_t>(epoch)] == losses[i]);
    RowStates zeros;
    const double anew = loss_of(setup, setup.trainer.feed().batch(step, 0), zeros);
    CHECK((std::abs(losses[i] - anew) < 1e-6) == (step == 0));
  }
}

TEST_CASE("with carried states a step is the same, to rounding, however its rows are cut into micro-batches") {
  TrainerSetup whole(tiny());
  std::vector<double> losses;
  for (index_t step = 0; step < 4; ++step) losses.push_back(whole.trainer.step(step).loss);
  for (const char* micro_batches : {"2", "8"}) {
    INFO(micro_batches << " micro-batches");
    TrainerSetup parts(tiny({std::string("train.batch_size=") + (*micro_batches == '2' ? "4" : "1"),
                             std::string("train.accumulate=") + micro_batches}));
    for (index_t step = 0; step < 4; ++step)
      CHECK(parts.trainer.step(step).loss == Approx(losses[static_cast<std::size_t>(step)]).epsilon(1e-4));
  }
}

TEST_CASE(
    "a run that is saved within an epoch and resumed gives the bytes of one that never stopped, states included") {
  std::vector<std::string> given = {"model.cell=" + std::string(GENERATE("lstm", "gru", "rnn")),
                                    "run.precision=" + std::string(GENERATE("f32", "bf16")), "model.dropout=0.2",
                                    "train.steps=100"};
  if (GENERATE(false, true)) given.insert(given.end(), {"train.batch_size=3", "train.accumulate=3"});
  INFO(given[0] << ' ' << given[1] << ' ' << given.back());
  const TemporaryFolder folder;
  const std::string path = folder.path("last.h5");
  {
    TrainerSetup setup(tiny(given));
    for (index_t step = 0; step < 5; ++step) setup.trainer.step(step);
    RunState state;
    state.step = 5;
    save_checkpoint(path, setup.experiment, setup.dataset->state(), *setup.model, *setup.learner, state);
  }
  const LoadedRun run = load_checkpoint(path, Purpose::resume);
  const auto dataset = run.experiment->load_data(&run.data);
  Trainer trainer(*run.experiment, *dataset, *run.model, *run.learner);
  for (index_t step = 5; step < 9; ++step) trainer.step(step);
  CHECK(weights_of(*run.model) == weights_after(tiny(given), 9));
}

TEST_CASE("a checkpoint keeps states where rows go on from them, and none where they begin anew or there are none") {
  const TemporaryFolder folder;
  const auto holds_states = [&](Experiment experiment, index_t steps) {
    TrainerSetup setup(std::move(experiment));
    for (index_t step = 0; step < steps; ++step) setup.trainer.step(step);
    bool held = false;
    const auto write = [&](Hdf5OArchive& ar) { setup.learner->save(ar); };
    save_file(folder.path("file.h5"), "test", 1, write);
    load_file(folder.path("file.h5"), "test", 1, [&](Hdf5IArchive& ar) {
      held = ar.contains("carried/0/layers/1/cell");
      CHECK(held == ar.contains("carried"));
    });
    return held;
  };
  CHECK(holds_states(tiny(), 1));
  CHECK_FALSE(holds_states(tiny({"train.batch_size=300"}), 7));  // the last step of an epoch
  CHECK_FALSE(holds_states(tiny({"train.order=random"}), 1));
  CHECK_FALSE(holds_states(tiny_gpt("contiguous"), 1));
}

TEST_CASE("carried states give the same bits on one, two and three threads, and with layers that are recomputed") {
  const int before = threads();
  set_threads(1);
  const std::string one = weights_after(tiny({"train.batch_size=20"}), 6);
  CHECK(one == weights_after(tiny({"train.batch_size=20", "train.recompute=true"}), 6));
  for (const int count : {2, 3}) {
    set_threads(count);
    CHECK(one == weights_after(tiny({"train.batch_size=20"}), 6));
  }
  set_threads(before);
  CHECK(one != weights_after(tiny({"train.batch_size=20", "train.order=random"}), 6));
}

TEST_CASE("a step that fails advances no states: made again, it goes on from where the step before ended") {
  TrainerSetup setup(tiny());
  for (index_t step = 0; step < 3; ++step) setup.trainer.step(step);
  for (NamedParameter& p : setup.model->named_parameters()) {
    if (p.name != "layers/1/input/weight") continue;
    const real kept = p.tensor.data()[0];
    p.tensor.mutable_data()[0] = std::numeric_limits<real>::infinity();
    CHECK_THROWS_WITH(setup.trainer.step(3), Catch::Contains("step 4: loss") && Catch::Contains("first in linear"));
    p.tensor.mutable_data()[0] = kept;
  }
  setup.trainer.step(3);
  CHECK(weights_of(*setup.model) == weights_after(tiny(), 4));
}

TEST_CASE("a step that is skipped as a spike leaves no states: each row begins with zeros after it") {
  auto given = kStill;                                                    // so losses differ by the states alone
  given.insert(given.end(), {"train.on_spike=skip", "train.spike_z=1"});  // chance makes some
  TrainerSetup setup(tiny(given));
  int seen = 0;
  bool skipped = false;
  for (index_t step = 0; step < 200; ++step) {
    const double loss = setup.trainer.step(step).loss;
    if (skipped && !std::isnan(loss)) {
      RowStates zeros;
      CHECK(loss == Approx(loss_of(setup, setup.trainer.feed().batch(step, 0), zeros)).epsilon(1e-7));
      ++seen;
    }
    skipped = std::isnan(loss);
  }
  CHECK(seen > 0);
}

TEST_CASE("who could carry states and begins each row with zeros is told so") {
  const auto notices = [](Experiment experiment) { return TrainerSetup(std::move(experiment)).trainer.notices(); };
  CHECK(notices(tiny()).empty());
  CHECK(notices(tiny_gpt("contiguous")).empty());
  CHECK(notices(tiny_gpt("random")).empty());
  for (const char* other :
       {"train.order=random", "train.order=epochs", "train.batch_size=2000"}) {  // of a step an epoch
    const auto told = notices(tiny({other}));
    REQUIRE(told.size() == 1);
    CHECK_THAT(told[0], Catch::Contains("begins with zeros") && Catch::Contains("train.order = contiguous"));
  }
}

TEST_CASE("an evaluation in contiguous rows with carried states is one long window a row, whatever the windows") {
  const std::string cell = GENERATE("lstm", "gru", "rnn");
  TrainerSetup setup(tiny({"model.n_layer=1", "model.cell=" + cell}));
  for (index_t step = 0; step < 20; ++step) setup.trainer.step(step);
  const index_t windows = setup.dataset->size(Split::val);
  const auto long_rows = [&](index_t rows, index_t most) {  // each row's windows joined to one
    const index_t length = (windows + rows - 1) / rows;
    double nats = 0, count = 0;
    for (index_t row = 0; row * length < windows; ++row) {
      const index_t first = row * length, parts = std::min({length, windows - first, most});
      Batch joined = get_examples(*setup.dataset, Split::val, first, parts);
      const IdTensor::value_type *const inputs = joined.inputs.data(), *const targets = joined.targets.data();
      joined.inputs = IdTensor({inputs, inputs + parts * 8}, {1, parts * 8});
      joined.targets = IdTensor({targets, targets + parts * 8}, {1, parts * 8});
      RowStates states;
      nats += loss_of(setup, joined, states) * static_cast<double>(joined.count());
      count += static_cast<double>(joined.count());
    }
    return nats / count;
  };
  for (const index_t rows : {1, 3, 8}) {
    INFO(rows << " rows of " << windows << " windows");
    CHECK(setup.evaluate(rows, 0, true) == Approx(long_rows(rows, windows)).epsilon(1e-5));
    CHECK(setup.evaluate(rows, 2, true) == Approx(long_rows(rows, 2)).epsilon(1e-5));
  }
  CHECK(windows % 8 != 0);  // the last rows are shorter
  CHECK(setup.evaluate(8, 0, true) < setup.evaluate(8, 0));
  CHECK(setup.trainer.evaluate(true)[0].value == setup.evaluate(8, 0, true));
  TrainerSetup anew(tiny({"train.order=random"}));
  CHECK(anew.trainer.evaluate(true)[0].value == anew.evaluate(8, 0));
}

}  // namespace heddle
