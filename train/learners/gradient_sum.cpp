#include "train/learners/gradient_sum.h"

#include <utility>

namespace heddle {
namespace {

void join(Tensor& sum, Tensor&& more) {
  if (!sum.defined()) {
    sum = std::move(more);
  } else if (more.defined()) {
    parallel_for(sum.numel(), row_grain(sum.numel()),
                 [to = sum.mutable_data(), from = more.data()](index_t begin, index_t end) {
                   for (index_t e = begin; e < end; ++e) to[e] += from[e];
                 });
  }
}

}  // namespace

GradientSum::GradientSum(const std::vector<NamedParameter>& parameters, index_t micro_batches, index_t first)
    : parameters_(parameters),
      micro_batches_(micro_batches),
      next_(first),
      gradients_(parameters.size(), TreeSum<Tensor>(micro_batches)),
      taken_(parameters.size(), first),
      losses_(micro_batches) {}

void GradientSum::take(std::size_t parameter) {
  if (taken_[parameter] > next_) return;
  Tensor tensor = parameters_[parameter].tensor;
  Tensor gradient = tensor.grad();
  tensor.zero_grad();
  gradients_[parameter].add({next_, next_ + 1, std::move(gradient)}, join);
  taken_[parameter] = next_ + 1;
}

void GradientSum::add(double loss) {
  for (std::size_t i = 0; i < parameters_.size(); ++i) take(i);
  losses_.add({next_, next_ + 1, loss}, [](double& sum, double more) { sum += more; });
  ++next_;
}

double GradientSum::finish() {
  const auto& losses = losses_.roots();
  ensure(losses.size() == 1 && losses[0].begin == 0 && losses[0].end == micro_batches_,
         "gradients: not every one of the ", micro_batches_, " micro-batches was added");
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    Tensor parameter = parameters_[i].tensor;
    if (const Tensor& sum = roots(i)[0].value; sum.defined()) parameter.mutable_grad() = sum;
    roots(i).clear();
  }
  return losses[0].value;
}

}  // namespace heddle
