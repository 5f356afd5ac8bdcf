#pragma once

#include "data/batch.h"
#include "framework/ops.h"
#include "framework/system/message.h"

namespace heddle {

/// The mean loss of scored tokens over all batches, in nats, and the share of those whose highest score is the right
/// one's.
class ScoredTokens {
 public:
  /// Of one batch: scores [..., V], targets [...]; those of kIgnore do not count.
  static Message measure(const Tensor& scores, const IdTensor& targets) {
    const IdTensor found = argmax(scores);
    index_t counted = 0, right = 0;
    for (index_t i = 0; i < targets.numel(); ++i) {
      if (targets[i] == kIgnore) continue;
      ++counted;
      right += found[i] == targets[i] ? 1 : 0;
    }
    Message measured;
    measured.put(cross_entropy(scores, targets).item() * static_cast<double>(counted));
    measured.put(counted);
    measured.put(right);
    return measured;
  }
  /// What was measured; nothing, if that is empty.
  void add(Message measured) {
    if (measured.done()) return;
    nats_ += measured.take<double>();
    count_ += measured.take<index_t>();
    right_ += measured.take<index_t>();
  }
  index_t count() const { return count_; }
  double loss() const { return nats_ / static_cast<double>(count_); }
  double accuracy() const { return static_cast<double>(right_) / static_cast<double>(count_); }

 private:
  double nats_ = 0;
  index_t count_ = 0, right_ = 0;
};

}  // namespace heddle
