#pragma once

#include <vector>

#include "framework/nn/module.h"

namespace heddle {

/// Sums the losses and gradients of a step's micro-batches in one fixed binary tree: of n micro-batches the first k,
/// k the largest power of two below n, are summed apart from the rest, and so on within both. So processes that hold
/// whole subtrees can sum those by themselves, and the bits are those of one process. At most 1 + log2(n) sets of
/// gradients are there at a time.
class GradientSum {
 public:
  /// Takes the parameters' gradients, and a loss, as those of the next micro-batch; the parameters have none then.
  void add(const std::vector<NamedParameter>& parameters, double loss);
  /// Gives the parameters the sum of all, and returns that of the losses.
  double finish(const std::vector<NamedParameter>& parameters);

 private:
  struct Subtree {
    index_t micro_batches;
    double loss;
    std::vector<Tensor> gradients;
  };
  /// Adds the last subtree to the one before it.
  void join();

  std::vector<Subtree> subtrees_;
};

}  // namespace heddle
