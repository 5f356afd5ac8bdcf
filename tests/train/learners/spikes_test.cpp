#include "train/learners/spikes.h"

#include <cmath>
#include <limits>

#include "framework/archive/file.h"
#include "framework/parallel.h"
#include "models/mlp.h"
#include "tests/numbered_dataset.h"
#include "tests/train/run_program.h"
#include "train/learners/gradient.h"

namespace heddle {
namespace {

/// Losses of 1, 3, 1, 3, ...: of mean 2; norms of 1.
SpikeWindow filled(std::size_t steps) {
  SpikeWindow window;
  for (std::size_t i = 0; i < steps; ++i) window.accept(i % 2 == 0 ? 1 : 3, 1);
  return window;
}
/// The same loss and norm at every step.
SpikeWindow still(double loss, double norm) {
  SpikeWindow window;
  for (std::size_t i = 0; i < SpikeWindow::kSteps; ++i) window.accept(loss, norm);
  return window;
}

/// Points of two classes that are told apart by their sign; those at some places are enormous.
class Points final : public NumberedDataset {
 public:
  explicit Points(std::vector<index_t> absurd, real size) : NumberedDataset(4000), absurd_(absurd), size_(size) {}
  Batch get(Split, std::span<const index_t> places) const override {
    Batch batch;
    batch.features = Tensor::zeros({std::ssize(places), 2});
    batch.targets = IdTensor({std::ssize(places)});
    for (index_t r = 0; r < std::ssize(places); ++r) {
      const index_t place = places[static_cast<std::size_t>(r)];
      const bool is_absurd = std::find(absurd_.begin(), absurd_.end(), place) != absurd_.end();
      const auto chance = static_cast<real>(std::sin(static_cast<double>(place)));
      batch.targets[r] = place % 2 == 0 ? 1 : 0;
      const real side = batch.targets[r] == 1 ? real{1} : real{-1};
      batch.features.mutable_data()[2 * r] = is_absurd ? -side * size_ : side + chance;
      batch.features.mutable_data()[2 * r + 1] = chance;
    }
    return batch;
  }

 private:
  std::vector<index_t> absurd_;
  real size_;
};

/// A window as a file may hold it.
struct Damaged {
  std::vector<double> loss, norm;
  std::int64_t skipped = 0, in_a_row = 0;

  template <class Archive>
  void serialize(Archive& ar, unsigned) {
    ar& BOOST_SERIALIZATION_NVP(loss) & BOOST_SERIALIZATION_NVP(norm);
    ar& BOOST_SERIALIZATION_NVP(skipped) & BOOST_SERIALIZATION_NVP(in_a_row);
  }
};

/// A learner that walks through the points in their order, two rows a step.
struct Walk {
  Walk(const Dataset& dataset, OnSpike on_spike, double spike_z = 6)
      : feed(dataset, Order::contiguous, {2, 1}, Rng(1), Rng(2)), model(make_model()) {
    settings.on_spike = on_spike;
    settings.spike_z = spike_z;
    learner = settings.make(*model, Rng(3), Precision::f32);
  }
  static std::unique_ptr<Model> make_model() {
    PerceptronConfig config;
    DataSpec spec;
    spec.features = {2};
    spec.labels = {"no", "yes"};
    return config.build(spec, Rng(4));
  }
  StepResult step(index_t number) { return learner->step(feed, number, 1e-3); }
  std::string weights() const {
    std::string all;
    for (const NamedParameter& p : model->named_parameters())
      all.append(reinterpret_cast<const char*>(p.tensor.data()),
                 static_cast<std::size_t>(p.tensor.numel()) * sizeof(real));
    return all;
  }
  Feed feed;
  std::unique_ptr<Model> model;
  GradientConfig settings;
  std::unique_ptr<Learner> learner;
};

}  // namespace

TEST_CASE("a step's deviations are those from the mean of the last 128 steps, and told from 64 on") {
  CHECK(filled(63).scores(100, 100).loss == 0);
  CHECK(filled(63).scores(100, 100).norm == 0);
  const SpikeWindow window = filled(64);
  const double deviation = std::sqrt(64.0 / 63);  // over n - 1
  CHECK(window.scores(5, 1).loss == Approx(3 / deviation));
  CHECK(window.scores(5, 1).mean == Approx(2));
  CHECK(window.scores(0, 1).loss < 0);
  CHECK(window.scores(2, std::exp(1.0)).norm == Approx(4));  // what hardly varies: 0.25 of the logarithm
  CHECK(window.scores(2, 0).norm < 0);
  SpikeWindow moved = filled(128);
  for (int i = 0; i < 128; ++i) moved.accept(7, 1);  // the first are forgotten
  CHECK(moved.size() == 128);
  CHECK(moved.scores(7.7, 1).loss == Approx(10));  // what hardly varies: 1 % of the mean
  CHECK(moved.scores(7.7, 1).mean == Approx(7));
  SpikeWindow varied;
  for (int i = 0; i < 128; ++i) varied.accept(2, std::exp(i % 2 == 0 ? 1 : 3));
  CHECK(varied.scores(2, std::exp(5)).norm == Approx(3 / std::sqrt(128.0 / 127)));
}

TEST_CASE("losses below 0 have the least deviation of those above, and what is 0 throughout tells spikes too") {
  CHECK(still(-7, 1).scores(-6.3, 1).loss == Approx(10));
  const SpikeWindow learned = still(0, 0);  // a model that has learned all
  CHECK(learned.scores(0, 0).loss == 0);
  CHECK(std::abs(learned.scores(0, 0).norm) < 1e-9);
  CHECK(learned.scores(1, 0).loss > 100);
  CHECK(learned.scores(0, 1).norm > 100);
}

TEST_CASE("a window is read from a file as it was written, and one of other sizes than there can be is refused") {
  const TemporaryFolder folder;
  SpikeWindow window = filled(70), read;
  for (int i = 0; i < 3; ++i) window.skip();
  window.accept(2, 5);
  for (int i = 0; i < 2; ++i) window.skip();
  const auto through_file = [&](auto& from) {
    save_file(folder / "a.h5", "test", 1, [&](Hdf5OArchive& ar) { ar& boost::serialization::make_nvp("x", from); });
    load_file(folder / "a.h5", "test", 1, [&](Hdf5IArchive& ar) { ar& boost::serialization::make_nvp("x", read); });
  };
  through_file(window);
  CHECK(read.size() == 71);
  CHECK(read.skipped() == 5);
  CHECK(read.in_a_row() == 2);
  CHECK(read.scores(9, 9).loss == window.scores(9, 9).loss);
  CHECK(read.scores(9, 9).norm == window.scores(9, 9).norm);
  Damaged fewer{std::vector<double>(3), std::vector<double>(2)},
      more{std::vector<double>(129), std::vector<double>(129)};
  CHECK_THROWS_WITH(through_file(fewer), Catch::Contains("3 losses and 2 norms are no window of 128 steps"));
  CHECK_THROWS_WITH(through_file(more), Catch::Contains("129 losses and 129 norms are no window of 128 steps"));
}

TEST_CASE("steps that are skipped are counted, and in a row until one is made") {
  SpikeWindow window;
  window.skip();
  window.skip();
  CHECK(window.in_a_row() == 2);
  window.accept(1, 1);
  CHECK(window.in_a_row() == 0);
  window.skip();
  CHECK(window.in_a_row() == 1);
  CHECK(window.skipped() == 3);
}

TEST_CASE("a spike is skipped with weights, moments and window as they were, or stops the run") {
  const real size = GENERATE(real{300}, std::numeric_limits<real>::infinity());
  const Points data({600}, size);  // in the row that begins there: step 200 of 3 places each
  Walk skips(data, OnSpike::skip), stops(data, OnSpike::stop), ignores(data, OnSpike::none),
      bears(data, OnSpike::stop, 1e6);
  const index_t at = [&] {
    for (index_t step = 0; step < 1000; ++step) {
      const Batch batch = skips.feed.batch(step, 0);
      for (index_t i = 0; i < batch.features.numel(); ++i) {
        if (std::abs(batch.features.data()[i]) > 100) return step;
      }
    }
    return index_t{-1};
  }();
  REQUIRE(at > 70);
  for (index_t step = 0; step < at; ++step) {
    const StepResult made = skips.step(step);
    REQUIRE(made.event.empty());
    REQUIRE(std::isfinite(made.loss));
    CHECK(made.more.back().name == "skipped_steps");
    CHECK(made.more.back().value == 0);
    stops.step(step);
    ignores.step(step);
    bears.step(step);
  }
  const std::string before = skips.weights();
  CHECK(stops.weights() == before);
  CHECK(ignores.weights() == before);
  const StepResult skipped = skips.step(at);
  CHECK(skips.weights() == before);
  CHECK_THAT(skipped.event, Catch::StartsWith("step " + std::to_string(at + 1) + ": loss ") &&
                                Catch::Contains("gradient norm") && Catch::EndsWith("; skipped"));
  CHECK(std::isnan(skipped.loss));
  CHECK(skipped.more.back().value == 1);
  CHECK_THROWS_WITH(stops.step(at), Catch::Contains("step " + std::to_string(at + 1)) &&
                                        Catch::Contains("the weights are as they were before the step") &&
                                        Catch::Contains("train.on_spike = skip"));
  CHECK(stops.weights() == before);
  if (std::isfinite(size)) {
    CHECK_THAT(skipped.event, Catch::Contains("standard deviations above the last 128 steps"));
    ignores.step(at);
    CHECK(ignores.weights() != before);
    bears.step(at);  // as train.spike_z lies above
    CHECK(bears.weights() == ignores.weights());
  } else {
    CHECK_THAT(skipped.event, Catch::Contains("first in "));
    CHECK_THROWS(ignores.step(at));
  }
  // and it goes on as one that was never shown the step
  stops.step(at + 1);
  const StepResult next = skips.step(at + 1);
  CHECK(next.event.empty());
  CHECK(skips.weights() == stops.weights());
  CHECK(next.more.back().value == 1);
}

TEST_CASE("a spike is a loss or a gradient norm that lies above the others, and is none of the last steps itself") {
  using boost::serialization::make_nvp;
  const TemporaryFolder folder;
  const Points data({}, 1);
  Walk plain(data, OnSpike::none), source(data, OnSpike::none);
  const StepResult made = plain.step(0);
  const double loss = made.loss, norm = made.more[0].value;
  const auto skipped_after = [&](SpikeWindow before) {
    Walk walk(data, OnSpike::skip);
    save_file(folder / "a.h5", "test", 1, [&](Hdf5OArchive& ar) {
      source.learner->save(ar);
      ar& make_nvp("spikes", before);
    });
    load_file(folder / "a.h5", "test", 1, [&](Hdf5IArchive& ar) { walk.learner->load(ar); });
    const bool skipped = !walk.step(0).event.empty();
    SpikeWindow after;
    save_file(folder / "a.h5", "test", 1, [&](Hdf5OArchive& ar) { walk.learner->save(ar); });
    load_file(folder / "a.h5", "test", 1, [&](Hdf5IArchive& ar) { ar& make_nvp("spikes", after); });
    CHECK((after.scores(9, 9).mean == before.scores(9, 9).mean) == skipped);
    return skipped;
  };
  CHECK(skipped_after(still(loss / 2, norm)));
  CHECK(skipped_after(still(loss, norm / 100)));
  CHECK_FALSE(skipped_after(still(loss * 2, norm * 100)));
}

TEST_CASE("a run that skips step after step ends, and says so") {
  std::vector<index_t> absurd;
  for (index_t place = 600; place < 3000; ++place) absurd.push_back(place);
  const Points data(absurd, std::numeric_limits<real>::infinity());
  Walk walk(data, OnSpike::skip);
  std::string said;
  index_t skipped = 0;
  try {
    for (index_t step = 0; step < 1000; ++step) skipped += walk.step(step).event.empty() ? 0 : 1;
  } catch (const Error& e) {
    said = e.what();
  }
  CHECK(skipped == SpikeWindow::kMostInARow - 1);
  CHECK_THAT(said, Catch::Contains("it would be the 20th step in a row to be skipped"));
}

namespace {

/// A text that is easily learned, but for a stretch of noise.
std::string text_with_noise() {
  std::string text;
  while (text.size() < 12000) text += "the cat sat on the mat. ";
  std::uint64_t state = 1;
  for (std::size_t i = 9000; i < 9200; ++i) {
    state = state * 6364136223846793005ULL + 1442695040888963407ULL;
    text[i] = "thecasonm. "[(state >> 33) % 11];
  }
  return text;
}

}  // namespace

TEST_CASE("a run that skips spikes is the same stopped and resumed within the window, on one thread and on two") {
  const TemporaryFolder folder;
  const std::string text = folder.write("text.txt", text_with_noise());
  const auto run = [&](std::vector<std::string> arguments) {
    const Outcome outcome = run_program(folder, arguments);
    INFO(outcome.err);
    REQUIRE(outcome.status == 0);
    return outcome.out;
  };
  const auto begin = [&](const std::string& name, const std::string& steps, const std::string& threads,
                         std::vector<std::string> more = {}) {
    more.insert(more.begin(),
                {"train", tiny_config(folder), "--run.dir=" + folder.path(name), "--data.path=" + text,
                 "--train.order=contiguous", "--train.batch_size=1", "--train.on_spike=skip", "--optim.lr=3e-3",
                 "--optim.schedule=constant", "--train.eval_interval=1000", "--train.log_interval=100",
                 "--model.dropout=0", "--train.steps=" + steps, "--run.threads=" + threads});
    return run(more);
  };
  const std::string said = begin("straight", "640", "1");
  CHECK_THAT(said, Catch::Contains("standard deviations above the last 128 steps") && Catch::Contains("; skipped\n"));
  const LoadedRun straight = load_checkpoint(folder.path("straight/last.h5"));
  const double skipped = straight.state.history.last("skipped_steps", 0);
  CHECK(skipped >= 3);
  CHECK(skipped <= 14);
  CHECK(straight.state.history.column("skipped_steps")[1] == 0);  // none before
  const std::string weights = weights_of(folder.path("straight/last.h5"));
  begin("two", "640", "2");
  CHECK(weights_of(folder.path("two/last.h5")) == weights);
  begin("stopped", "530", "2");
  run({"resume", folder.path("stopped"), "--train.steps=640"});
  CHECK(weights_of(folder.path("stopped/last.h5")) == weights);
  CHECK(load_checkpoint(folder.path("stopped/last.h5")).state.history.last("skipped_steps", 0) == skipped);
  begin("none", "640", "2", {"--train.on_spike=none"});
  CHECK(weights_of(folder.path("none/last.h5")) != weights);
  check_one_line(run_program(folder, {"resume", folder.path("stopped"), "--train.on_spike=often"}), 1,
                 "train.on_spike = often");
}

TEST_CASE("a spike that stops a run is told in one line, and the last checkpoint before it stands") {
  const TemporaryFolder folder;
  const std::string text = folder.write("text.txt", text_with_noise());
  const Outcome stopped = train(folder, "run",
                                {"--data.path=" + text, "--train.order=contiguous", "--train.batch_size=1",
                                 "--train.on_spike=stop", "--optim.lr=3e-3", "--optim.schedule=constant",
                                 "--model.dropout=0", "--train.eval_interval=1000", "--train.steps=640"});
  check_one_line(stopped, 1, "let train.on_spike = skip leave such steps out");
  const std::int64_t step = load_checkpoint(folder.path("run/last.h5")).state.step;
  CHECK(step % 20 == 0);
  CHECK(step >= 540);
  CHECK(step < 600);
}

}  // namespace heddle
