#pragma once

#include <catch2/catch.hpp>
#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include "framework/ops.h"

namespace heddle {

/// Compares the gradients that backward gives for every input of `f` with differences of f itself, and throws away
/// nothing: each element of each input is checked.
///
/// The loss is a randomly weighted sum of the output. A plain sum would accept a softmax without a gradient, as its
/// rows sum to one whatever the input. The difference is (8 (f(x + h) - f(x - h)) - (f(x + 2h) - f(x - 2h))) / 12h,
/// whose error falls with h^4.
inline void check_gradients(const std::string& name, const std::function<Tensor(const std::vector<Tensor>&)>& f,
                            std::vector<Tensor> inputs, double tolerance = 1e-7) {
  for (Tensor& x : inputs) x.set_requires_grad();
  const Tensor y = f(inputs);
  const Tensor weights = Tensor::uniform(y.shape(), Rng(77), -1, 1);
  backward(y, weights);

  const NoGradGuard no_grad;
  const auto loss = [&] {
    const Tensor out = f(inputs);
    double total = 0;
    for (index_t i = 0; i < out.numel(); ++i)
      total += static_cast<double>(out.data()[i]) * static_cast<double>(weights.data()[i]);
    return total;
  };
  for (std::size_t n = 0; n < inputs.size(); ++n) {
    for (index_t i = 0; i < inputs[n].numel(); ++i) {
      real& x = inputs[n].data()[i];
      const real kept = x;
      const auto at = [&](double offset) {
        x = static_cast<real>(static_cast<double>(kept) + offset);
        const double value = loss();
        x = kept;
        return value;
      };
      constexpr double h = 1e-4;
      const double expected = (8 * (at(h) - at(-h)) - (at(2 * h) - at(-2 * h))) / (12 * h);
      const double got = inputs[n].grad().defined() ? static_cast<double>(inputs[n].grad().data()[i]) : 0;
      const double error = std::abs(got - expected) / std::max(1.0, std::abs(expected));
      if (error <= tolerance) continue;
      FAIL(name << ": input " << n << " " << inputs[n].shape() << " element " << i << ": gradient " << got
                << ", differences " << expected);
    }
  }
  SUCCEED();
}

}  // namespace heddle
