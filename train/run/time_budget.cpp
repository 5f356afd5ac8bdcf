#include "train/run/time_budget.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "framework/clock.h"
#include "framework/format.h"
#include "framework/system/beside.h"
#include "framework/system/ranks.h"
#include "train/log/progress.h"
#include "train/run/checkpoint.h"

namespace heddle {
namespace {

namespace fs = std::filesystem;

template <class Call>
double seconds_of(const Call& call) {
  const double begun = seconds_now();
  call();
  return seconds_now() - begun;
}

/// RAII guard: a file that is gone with it.
struct ShortLived {
  explicit ShortLived(fs::path where) : path(std::move(where)) {}
  ~ShortLived() {
    std::error_code ignored;
    if (rank() == 0) fs::remove(path, ignored);
  }
  ShortLived(const ShortLived&) = delete;
  ShortLived& operator=(const ShortLived&) = delete;
  fs::path path;
};

/// Of a few seconds the parts count, too.
std::string exact_time(double seconds) { return seconds < 10 ? fmt::format("{:.2g} s", seconds) : human_time(seconds); }

double times(index_t count, double seconds) { return static_cast<double>(count) * seconds; }

}  // namespace

double RunTimes::of(const TrainConfig& plan, index_t steps, double seconds) const {
  const auto every = [&](index_t interval) { return interval > 0 ? steps / interval : 0; };
  const index_t evaluations = (steps + plan.eval_interval - 1) / plan.eval_interval;
  double sum = times(steps, step) + times(evaluations, evaluation + checkpoint);  // each may be the best so far
  index_t saved = every(plan.checkpoint_interval) + 1;
  if (plan.checkpoint_minutes > 0) saved += static_cast<index_t>(seconds / (60 * plan.checkpoint_minutes));
  sum += times(saved, checkpoint) + times(every(plan.sample_interval), sample);
  if (plan.inspect_interval > 0) sum += times(every(plan.inspect_interval) + 2, heads);
  if (plan.sample_tokens > 0) sum += sample;
  if (plan.average_last > 1) sum += 2 * evaluation + times(plan.average_last + 1, checkpoint);
  return sum + 2 * whole_evaluation;  // of the last model, and of the best where that is another
}

RunTimes measure_run(const Experiment& experiment, const Dataset& dataset, const fs::path& folder,
                     const Progress& progress, const std::function<void(const SessionParts&)>& score_heads) {
  constexpr index_t kFirst = 2, kBatches = 8, kThorough = 2;
  const auto model = experiment.build_model(dataset.state().spec());
  const auto learner = experiment.make_learner(*model);
  Trainer trainer(experiment, dataset, *model, *learner);
  trainer.check_memory_limit();
  const TrainConfig& plan = trainer.plan();
  RunTimes found;
  found.baselines = trainer.task().baselines(progress);
  for (index_t step = 0; step < kMeasuredSteps; ++step) {
    progress("measuring steps", static_cast<std::uint64_t>(step), kMeasuredSteps);
    const double seconds = seconds_of([&] { trainer.step(step); });
    if (step >= kFirst) found.step += seconds / (kMeasuredSteps - kFirst);
  }
  const index_t all = (dataset.size(Split::val) + plan.batch_size - 1) / plan.batch_size;
  const auto batch_seconds = [&](index_t most, bool thorough) {
    const index_t batches = std::min(all, most);
    const EvaluationOptions options{plan.batch_size, batches, experiment.precision(), thorough,
                                    plan.order == Order::contiguous};
    return seconds_of([&] { evaluate(trainer.task(), dataset, Split::val, options); }) / static_cast<double>(batches);
  };
  if (all > 0) {
    const AveragedWeights averaged(*learner);
    batch_seconds(1, false);  // sets things up
    const index_t usual = plan.eval_batches > 0 ? std::min(plan.eval_batches, all) : all;
    found.evaluation = times(usual, batch_seconds(kBatches, false));
    found.whole_evaluation = times(all, batch_seconds(kThorough, true));
    if (plan.sample_tokens > 0 || plan.sample_interval > 0)
      found.sample = seconds_of([&] { trainer.task().sample(plan.sample_tokens); });
  }
  if (plan.inspect_interval > 0)
    found.heads = seconds_of([&] { score_heads({experiment, dataset, *model, *learner}); });
  const ShortLived file(beside(folder / "last.h5"));
  RunState state;
  found.checkpoint =
      seconds_of([&] { save_checkpoint(file.path, experiment, dataset.state(), *model, *learner, state); });
  return found;
}

FittedSteps fit_steps(const RunTimes& times, const TrainConfig& plan, double spent) {
  const double whole = 60 * plan.minutes, seconds = 0.97 * whole - spent;
  const auto fits = [&](index_t steps) { return times.of(plan, steps, whole) <= seconds; };
  ensure(fits(kMeasuredSteps), "train.minutes = ", plan.minutes, ": too little for ", kMeasuredSteps, " steps, as ",
         exact_time(spent), " are over and these take ", exact_time(times.of(plan, kMeasuredSteps, whole)),
         " with what comes with them; give at least ",
         fmt::format("{:.2g}", 1.1 / 0.97 * (spent + times.of(plan, kMeasuredSteps, whole)) / 60), " minutes");
  index_t most = kMeasuredSteps, too_many = 2 * most;
  while (fits(too_many) && too_many < index_t{1} << 40) too_many *= 2;
  while (too_many - most > 1) {
    const index_t middle = most + (too_many - most) / 2;
    (fits(middle) ? most : too_many) = middle;
  }
  const double others = times.of(plan, most, whole) - static_cast<double>(most) * times.step;
  return {most,
          fmt::format("train.minutes = {:g}: a step takes {:.3g} s, so train.steps = {}, with {} for evaluations, "
                      "checkpoints and samples, and {} that were over",
                      plan.minutes, times.step, most, exact_time(others), exact_time(spent))};
}

}  // namespace heddle
