#pragma once

#include <memory>

#include "data/sampler.h"

namespace heddle {

/// The training batches of a run.
class Feed {
 public:
  /// Errors: those of make_sampler.
  Feed(const Dataset& dataset, Order order, StepRows step, const Rng& rng)
      : dataset_(dataset), step_(step), sampler_(make_sampler(order, dataset, Split::train, step, rng)) {}

  /// Micro-batch `micro` of step number `step`, both from 0.
  Batch batch(index_t step, index_t micro) const {
    return get_batch(dataset_, Split::train, sampler_->draw(step, micro));
  }
  index_t micro_batches() const { return step_.micro_batches; }
  double steps_per_epoch() const { return sampler_->steps_per_epoch(); }
  /// A batch of the first `rows` examples, again and again if there are fewer, to see what memory one takes.
  Batch trial(index_t rows) const {
    Draw draw;
    for (index_t i = 0; i < rows; ++i) draw.places.push_back(dataset_.place(i % dataset_.size(Split::train)));
    return get_batch(dataset_, Split::train, draw);
  }

 private:
  const Dataset& dataset_;
  StepRows step_;
  std::unique_ptr<Sampler> sampler_;
};

}  // namespace heddle
