#include "train/learners/gradient_sum.h"

#include <utility>

namespace heddle {

void GradientSum::add(const std::vector<NamedParameter>& parameters, double loss) {
  Subtree leaf{1, loss, {}};
  for (NamedParameter p : parameters) {
    leaf.gradients.push_back(p.tensor.grad());
    p.tensor.zero_grad();
  }
  subtrees_.push_back(std::move(leaf));
  while (subtrees_.size() > 1 && subtrees_.rbegin()[1].micro_batches == subtrees_.back().micro_batches) join();
}

double GradientSum::finish(const std::vector<NamedParameter>& parameters) {
  ensure(!subtrees_.empty(), "gradients: no micro-batch was added");
  while (subtrees_.size() > 1) join();
  const Subtree all = std::move(subtrees_.back());
  subtrees_.clear();
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    if (!all.gradients[i].defined()) continue;
    Tensor parameter = parameters[i].tensor;
    parameter.mutable_grad() = all.gradients[i];
  }
  return all.loss;
}

void GradientSum::join() {
  const Subtree right = std::move(subtrees_.back());
  subtrees_.pop_back();
  Subtree& left = subtrees_.back();
  left.micro_batches += right.micro_batches;
  left.loss += right.loss;
  for (std::size_t i = 0; i < left.gradients.size(); ++i) {
    Tensor& sum = left.gradients[i];
    const Tensor& more = right.gradients[i];
    if (!sum.defined()) {
      sum = more;
    } else if (more.defined()) {
      parallel_for(sum.numel(), 16384, [to = sum.mutable_data(), from = more.data()](index_t begin, index_t end) {
        for (index_t e = begin; e < end; ++e) to[e] += from[e];
      });
    }
  }
}

}  // namespace heddle
