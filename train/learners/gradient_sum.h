#pragma once

#include <vector>

#include "framework/nn/module.h"
#include "train/learners/tree_sum.h"

namespace heddle {

/// Sums the losses and gradients of a step's micro-batches, or of a run of them, in the tree of TreeSum. At most
/// 1 + log2(n) sets of gradients are there at a time.
class GradientSum {
 public:
  using Roots = std::vector<TreeSum<Tensor>::Root>;

  /// Of `micro_batches`, those from number `first` on.
  GradientSum(const std::vector<NamedParameter>& parameters, index_t micro_batches, index_t first = 0);

  /// Takes the gradient of parameter number `parameter` as that of the next micro-batch, if it was not taken yet; it
  /// has none then.
  void take(std::size_t parameter);
  /// Takes those of all, and a loss: the next micro-batch is over.
  void add(double loss);
  /// The roots of what was added; an undefined tensor where no micro-batch had a gradient.
  Roots& roots(std::size_t parameter) { return gradients_[parameter].roots(); }
  std::vector<TreeSum<double>::Root>& losses() { return losses_.roots(); }
  /// Gives the parameters the sums, and returns that of the losses. Errors: micro-batches are missing.
  double finish();

 private:
  const std::vector<NamedParameter>& parameters_;
  index_t micro_batches_, next_;
  std::vector<TreeSum<Tensor>> gradients_;
  std::vector<index_t> taken_;  ///< of each parameter, how far
  TreeSum<double> losses_;
};

}  // namespace heddle
