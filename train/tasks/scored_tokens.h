#pragma once

#include "data/batch.h"
#include "framework/ops.h"

namespace heddle {

/// The mean loss of scored tokens over all batches, in nats, and the share of those whose highest score is the right
/// one's.
class ScoredTokens {
 public:
  /// scores [..., V], targets [...]; those of kIgnore do not count.
  void add(const Tensor& scores, const IdTensor& targets) {
    const IdTensor found = argmax(scores);
    index_t counted = 0;
    for (index_t i = 0; i < targets.numel(); ++i) {
      if (targets[i] == kIgnore) continue;
      ++counted;
      right_ += found[i] == targets[i] ? 1 : 0;
    }
    nats_ += cross_entropy(scores, targets).item() * static_cast<double>(counted);
    count_ += counted;
  }
  index_t count() const { return count_; }
  double loss() const { return nats_ / static_cast<double>(count_); }
  double accuracy() const { return static_cast<double>(right_) / static_cast<double>(count_); }

 private:
  double nats_ = 0;
  index_t count_ = 0, right_ = 0;
};

}  // namespace heddle
