#include "framework/nn/parameter.h"

#include "framework/nn/pattern.h"

namespace heddle {

index_t count_elements(const std::vector<NamedParameter>& parameters) {
  index_t total = 0;
  for (const NamedParameter& p : parameters) total += p.tensor.numel();
  return total;
}

void freeze(const std::vector<NamedParameter>& parameters, const std::string& pattern) {
  bool found = false;
  for (const NamedParameter& p : parameters) {
    if (!fits(pattern, p.name)) continue;
    found = true;
    Tensor handle = p.tensor;  // of the same leaf
    handle.set_requires_grad(false);
  }
  ensure(found, "freeze: no parameter fits ", pattern, "; names are like ",
         parameters.empty() ? "" : parameters.back().name, ", and * stands for any characters");
}

Initializer Initializer::shapes_only() {
  Initializer shapes{Rng()};
  shapes.fills_ = false;
  return shapes;
}

Parameter Initializer::normal(const Shape& shape, double stddev, Role role) {
  return {fills_ ? Tensor::normal(shape, rng_.fork(next_++), stddev) : Tensor(shape), role};
}

Parameter Initializer::uniform(const Shape& shape, double bound, Role role) {
  return {fills_ ? Tensor::uniform(shape, rng_.fork(next_++), -bound, bound) : Tensor(shape), role};
}

Parameter Initializer::full(const Shape& shape, real value, Role role) {
  return {fills_ ? Tensor::full(shape, value) : Tensor(shape), role};
}

}  // namespace heddle
