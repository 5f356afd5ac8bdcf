#include "framework/testing/gradient_check.h"

#include <catch2/catch.hpp>
#include <limits>

#include "framework/nn/layers.h"

namespace heddle {
namespace {

/// x^2, whose backward gives `factor` x for its gradient: right with 2.
Recomputable square_with(real factor) {
  return [factor](const std::vector<Tensor>& in) {
    const Tensor x = in[0];
    Tensor y(x.shape());
    real* const to = y.mutable_data();
    for (index_t i = 0; i < x.numel(); ++i) to[i] = x.data()[i] * x.data()[i];
    return make_result("square", y, {x}, [x, factor](const Tensor& dy) {
      Tensor dx(x.shape());
      real* const d = dx.mutable_data();
      for (index_t i = 0; i < x.numel(); ++i) d[i] = factor * x.data()[i] * dy.data()[i];
      return Grads{dx};
    });
  };
}

}  // namespace

TEST_CASE("check_gradients accepts a right gradient and names the op, the input and the element of a wrong one") {
  const Tensor x = Tensor::from({1, -2, 3}, {3});
  CHECK_NOTHROW(check_gradients("square", square_with(2), {x}));
  CHECK_THROWS_WITH(check_gradients("square", square_with(2.25F), {x}),
                    Catch::StartsWith("square: input 0 [3] element 0: gradient "));
  CHECK_THROWS_AS(check_gradients("square", square_with(std::numeric_limits<real>::quiet_NaN()), {x}), Error);
  // what is asked of the digits is what `tolerance` says
  CHECK_NOTHROW(check_gradients("square", square_with(2.25F), {x}, 0.2));
}

TEST_CASE("check_gradients checks parameters that a module reads itself, and leaves them as they were") {
  Initializer init{Rng(5)};
  Linear layer(3, 2, true, init, 1);
  const Tensor x = Tensor::uniform({4, 3}, Rng(6), -1, 1);
  const auto f = [&](const std::vector<Tensor>&) { return tanh(layer.forward(x, Context{})); };
  const Tensor before = layer.weight.clone();
  backward(sum(f({})));  // a gradient that is there already does not add to the one that is checked
  CHECK_NOTHROW(check_gradients("layer", f, {layer.weight, layer.bias}));
  CHECK(std::equal(before.span().begin(), before.span().end(), layer.weight.span().begin()));
  CHECK(!layer.weight.grad().defined());
  CHECK(!layer.bias.grad().defined());
}

}  // namespace heddle
