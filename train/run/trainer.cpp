#include "train/run/trainer.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <new>

#include "framework/format.h"
#include "framework/tensor.h"
#include "train/run/memory.h"

namespace heddle {

namespace {

EvaluationOptions evaluation_options(const Experiment& experiment, bool whole) {
  const TrainConfig& train = experiment.train;
  return {train.batch_size, whole ? 0 : train.eval_batches, experiment.precision(), whole,
          train.order == Order::contiguous};
}

}  // namespace

Trainer::Trainer(const Experiment& experiment, const Dataset& dataset, Model& model, Learner& learner)
    : experiment_(experiment),
      dataset_(dataset),
      model_(model),
      learner_(learner),
      task_(experiment.make_task(model, dataset)),
      feed_(experiment.make_feed(dataset, [this](Batch& batch, const Rng& rng) { task_->prepare(batch, rng); })),
      plan_(experiment.plan(feed_->steps_per_epoch())) {}

Metrics Trainer::evaluate(bool whole) {
  const AveragedWeights averaged(learner_);
  return heddle::evaluate(*task_, dataset_, Split::val, evaluation_options(experiment_, whole));
}

void Trainer::check_memory_limit() {
  const MemoryLimit limit = memory_limit(experiment_.train);
  check_lasting_memory(limit, learner_.lasting_memory());
  const index_t rows = experiment_.train.batch_size, micro_batches = feed_->micro_batches();
  const bool accumulates = experiment_.learner->accumulates();
  const std::string smaller = accumulates ? "try train.recompute = true, shorter examples or a smaller model"
                                          : "choose a smaller model or shorter examples";
  constexpr double kLittle = 1 << 27;
  double wanted = 0;
  const auto fits = [&](index_t count) {
    try {
      // what is measured with few rows does not take more either, unless it is little
      const PoolLimit held(std::max(limit.bytes, static_cast<double>(pool_stats().bytes_in_use) + kLittle));
      wanted = estimate_memory(count).total();
    } catch (const std::bad_alloc&) {
      wanted = std::numeric_limits<double>::infinity();
    }
    return wanted <= limit.bytes;
  };
  if (fits(rows)) return;
  const std::string take = std::isfinite(wanted) ? "are expected to take " + human_bytes(wanted) : "take more";
  index_t most = 0, too_many = rows;  // the largest batch that fits lies between
  while (too_many - most > 1) {
    const index_t middle = (most + too_many) / 2;
    (fits(middle) ? most : too_many) = middle;
  }
  std::string advice = concat_text("train.batch_size = ", most, " would fit");
  if (most > 0 && rows % most == 0 && accumulates)
    advice += concat_text(", with train.accumulate = ", rows / most * micro_batches, " for steps of as many rows");
  if (most == 0) advice = "not even train.batch_size = 1 would fit: " + smaller;
  throw Error(concat_text(limit.text, ", but steps with train.batch_size = ", rows, " ", take, "; ", advice));
}

Metrics judge(const Experiment& experiment, Model& model, const Dataset& dataset, Split split) {
  return evaluate(*experiment.make_task(model, dataset), dataset, split, evaluation_options(experiment, true));
}

}  // namespace heddle
