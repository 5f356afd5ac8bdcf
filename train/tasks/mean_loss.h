#pragma once

#include "models/model.h"

namespace heddle {

/// The mean of a model's losses over the targets of all batches that it is told of, in nats.
class MeanLoss {
 public:
  void add(Model& model, const Batch& batch, Context& context) {
    const index_t count = batch.count();
    if (count == 0) return;
    nats_ += model.loss(batch, count, context).value.item() * static_cast<double>(count);
    count_ += count;
  }
  index_t count() const { return count_; }
  /// Errors: no target counted; `unit` is what targets are called.
  double value(const char* unit) const {
    ensure(count_ > 0, "evaluation: there is no ", unit, " to predict; give more data");
    return nats_ / static_cast<double>(count_);
  }

 private:
  double nats_ = 0;
  index_t count_ = 0;
};

}  // namespace heddle
