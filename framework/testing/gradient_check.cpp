#include "framework/testing/gradient_check.h"

#include <algorithm>
#include <cmath>

namespace heddle {
namespace {

/// The sum of y's elements, each times its weight, in double.
double weighted_sum(const Tensor& y, const Tensor& weights) {
  double total = 0;
  for (index_t i = 0; i < y.numel(); ++i)
    total += static_cast<double>(y.data()[i]) * static_cast<double>(weights.data()[i]);
  return total;
}

}  // namespace

void check_gradients(const std::string& name, const Recomputable& f, std::vector<Tensor> inputs, double tolerance) {
  for (Tensor& x : inputs) x.set_requires_grad().zero_grad();
  const Tensor y = f(inputs);
  const Tensor weights = Tensor::uniform(y.shape(), Rng(77), -1, 1);
  backward(y, weights);
  std::vector<Tensor> gradients;
  for (Tensor& x : inputs) {
    gradients.push_back(x.grad());
    x.zero_grad();
  }

  const NoGradGuard no_grad;
  for (std::size_t n = 0; n < inputs.size(); ++n) {
    for (index_t i = 0; i < inputs[n].numel(); ++i) {
      const real kept = inputs[n].data()[i];
      const auto at = [&](double offset) {
        inputs[n].mutable_data()[i] = static_cast<real>(static_cast<double>(kept) + offset);
        const double value = weighted_sum(f(inputs), weights);
        inputs[n].mutable_data()[i] = kept;
        return value;
      };
      constexpr double h = sizeof(real) == sizeof(double) ? 1e-4 : 1e-2;
      const double expected = (8 * (at(h) - at(-h)) - (at(2 * h) - at(-2 * h))) / (12 * h);
      const double got = gradients[n].defined() ? static_cast<double>(gradients[n].data()[i]) : 0;
      ensure(std::abs(got - expected) <= tolerance * std::max(1.0, std::abs(expected)), name, ": input ", n, " ",
             inputs[n].shape(), " element ", i, ": gradient ", got, ", differences ", expected,
             "; look at what its backward gives");
    }
  }
}

}  // namespace heddle
