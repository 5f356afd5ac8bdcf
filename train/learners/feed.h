#pragma once

#include <functional>
#include <memory>

#include "data/sampler.h"

namespace heddle {

/// What becomes of a batch of the data before a model is shown it (Task::prepare).
using Prepare = std::function<void(Batch& batch, const Rng& rng)>;

/// The training batches of a run.
class Feed {
 public:
  /// `order_rng` decides the order of the examples, `rng` what becomes of them. Errors: those of make_sampler.
  Feed(const Dataset& dataset, Order order, StepRows step, const Rng& order_rng, const Rng& rng, Prepare prepare = {})
      : dataset_(dataset),
        step_(step),
        rng_(rng),
        prepare_(std::move(prepare)),
        sampler_(make_sampler(order, dataset, Split::train, step, order_rng)) {}

  /// Micro-batch `micro` of step number `step`, both from 0.
  Batch batch(index_t step, index_t micro) const { return prepared(sampler_->draw(step, micro)); }
  /// Whether the rows of a step go on where those of the step before ended.
  bool continues(index_t step) const { return sampler_->continues(step); }
  index_t micro_batches() const { return step_.micro_batches; }
  double steps_per_epoch() const { return sampler_->steps_per_epoch(); }
  /// A batch of the first `rows` examples, again and again if there are fewer, to see what memory one takes.
  Batch trial(index_t rows) const {
    Draw draw;
    for (index_t i = 0; i < rows; ++i) draw.places.push_back(dataset_.place(i % dataset_.size(Split::train)));
    return prepared(draw);
  }

 private:
  Batch prepared(const Draw& draw) const {
    Batch batch = get_batch(dataset_, Split::train, draw);
    dataset_.augment(batch, rng_.fork(0));
    if (prepare_) prepare_(batch, rng_.fork(1));
    return batch;
  }

  const Dataset& dataset_;
  StepRows step_;
  Rng rng_;
  Prepare prepare_;
  std::unique_ptr<Sampler> sampler_;
};

}  // namespace heddle
