#include "train/run/trainer.h"

namespace heddle {

Trainer::Trainer(const Experiment& experiment, const Dataset& dataset, Model& model, Learner& learner)
    : experiment_(experiment),
      dataset_(dataset),
      model_(model),
      learner_(learner),
      task_(task_kind(experiment.model_kind, experiment.data_kind).make(model, dataset)),
      feed_(experiment.make_feed(dataset, [this](Batch& batch, const Rng& rng) { task_->prepare(batch, rng); })),
      plan_(experiment.plan(feed_->steps_per_epoch())) {}

Metrics Trainer::evaluate(bool whole) {
  const AveragedWeights averaged(learner_);
  const index_t batches = whole ? 0 : experiment_.train.eval_batches;
  return heddle::evaluate(*task_, dataset_, Split::val,
                          {experiment_.train.batch_size, batches, experiment_.precision(), whole,
                           experiment_.train.order == Order::contiguous});
}

void Trainer::check_memory_limit() {
  const double limit = experiment_.train.memory_limit * 1e9;
  if (limit == 0) return;
  const index_t rows = experiment_.train.batch_size, micro_batches = feed_->micro_batches();
  const double lasting = learner_.lasting_memory().total();  // where this alone is too much, no step is tried
  ensure(lasting <= limit, "train.memory_limit = ", experiment_.train.memory_limit,
         " GB, but parameters, gradients and optimizer alone take ", lasting / 1e9, " GB; choose a smaller model");
  const double wanted = estimate_memory().total();
  if (wanted <= limit) return;
  index_t fits = 0, too_many = rows;  // the largest batch that fits lies between
  while (too_many - fits > 1) {
    const index_t middle = (fits + too_many) / 2;
    (estimate_memory(middle).total() <= limit ? fits : too_many) = middle;
  }
  std::string advice = concat_text("; train.batch_size = ", fits, " would fit");
  const bool accumulates = experiment_.learner->accumulates();
  if (fits > 0 && rows % fits == 0 && accumulates)
    advice += concat_text(", with train.accumulate = ", rows / fits * micro_batches, " for steps of as many rows");
  if (fits == 0)
    advice = accumulates
                 ? "; not even train.batch_size = 1 would fit: try train.recompute = true, shorter examples or a "
                   "smaller model"
                 : "; not even train.batch_size = 1 would fit: choose a smaller model or shorter examples";
  throw Error(concat_text("train.memory_limit = ", experiment_.train.memory_limit,
                          " GB, but steps with train.batch_size = ", rows, " are expected to take ", wanted / 1e9,
                          " GB", advice));
}

}  // namespace heddle
