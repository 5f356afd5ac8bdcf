// Ops that do several things at once equal the ops that do one thing each.

#include <catch2/catch.hpp>

#include "framework/gemm.h"
#include "framework/ops.h"

namespace heddle {
namespace {

/// The loss, then the gradients, of a function of leaves.
using Function = std::function<Tensor(const std::vector<Tensor>&)>;
std::vector<std::vector<real>> results(const Function& f, const std::vector<Shape>& shapes) {
  std::vector<Tensor> leaves;
  for (std::size_t i = 0; i < shapes.size(); ++i)
    leaves.push_back(Tensor::normal(shapes[i], Rng(7).fork(i)).set_requires_grad());
  const Tensor y = f(leaves);
  backward(sum(y * Tensor::normal(y.shape(), Rng(8))));
  std::vector<std::vector<real>> all{{y.span().begin(), y.span().end()}};
  for (const Tensor& leaf : leaves) all.emplace_back(leaf.grad().span().begin(), leaf.grad().span().end());
  return all;
}

double largest_difference(const std::vector<std::vector<real>>& a, const std::vector<std::vector<real>>& b) {
  REQUIRE(a.size() == b.size());
  double worst = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    REQUIRE(a[i].size() == b[i].size());
    for (std::size_t j = 0; j < a[i].size(); ++j)
      worst = std::max(worst, std::abs(static_cast<double>(a[i][j]) - static_cast<double>(b[i][j])));
  }
  return worst;
}

constexpr double kClose = sizeof(real) == 8 ? 1e-11 : 2e-3;  // gradients here are sums of hundreds of numbers near 1

}  // namespace

TEST_CASE("an activation beside the product equals the product and then the activation") {
  const index_t out = GENERATE(6, 330);
  const std::vector<Shape> shapes = {{3, 101, 37}, {out, 37}, {out}};
  const std::pair<Activation, Tensor (*)(const Tensor&)> pairs[] = {{Activation::relu, relu},
                                                                    {Activation::relu_squared, relu_squared},
                                                                    {Activation::gelu, gelu},
                                                                    {Activation::gelu_tanh, gelu_tanh},
                                                                    {Activation::silu, silu}};
  for (const auto& [fused, alone] : pairs) {
    const auto one = results([f = fused](const auto& x) { return linear(x[0], x[1], x[2], f); }, shapes);
    const auto two = results([f = alone](const auto& x) { return f(linear(x[0], x[1], x[2])); }, shapes);
    INFO("activation " << static_cast<int>(fused));
    REQUIRE(largest_difference(one, two) < kClose);
    const NoGradGuard no_grad;  // nothing is kept for backward then
    const auto x = Tensor::normal(shapes[0], Rng(1)), w = Tensor::normal(shapes[1], Rng(2));
    const Tensor a = linear(x, w, {}, fused), b = alone(linear(x, w));
    REQUIRE(largest_difference({{a.span().begin(), a.span().end()}}, {{b.span().begin(), b.span().end()}}) < kClose);
  }
  const auto one = results([](const auto& x) { return linear(x[0], x[1], x[2], Activation::swiglu); }, shapes);
  const auto two = results(
      [&](const auto& x) {
        const Tensor z = linear(x[0], x[1], x[2]);
        return silu(slice(z, 2, 0, out / 2)) * slice(z, 2, out / 2, out);
      },
      shapes);
  REQUIRE(largest_difference(one, two) < kClose);
  REQUIRE_THROWS_WITH(linear(Tensor::zeros({2, 3}), Tensor::zeros({5, 3}), {}, Activation::swiglu),
                      Catch::Contains("as many gates as values"));
}

TEST_CASE("weights that are kept as bf16 give the bits of weights that are rounded each time") {
  if (sizeof(real) == sizeof(double)) return;
  struct Keep {
    ~Keep() { set_gemm_precision(Precision::f32); }
  } keep;
  set_gemm_precision(Precision::bf16);
  const std::vector<Shape> shapes = {{2, 40, 48}, {130, 48}};
  const IdTensor ids({2, 40});
  for (const Function& f : {Function([](const auto& x) { return linear(x[0], x[1]); }),
                            Function([&](const auto& x) { return linear_cross_entropy(x[0], x[1], ids); })}) {
    const auto plain = results(f, shapes);
    const auto kept = results(
        [&](const auto& x) {
          keep_rounded(x[1]);
          return f(x);
        },
        shapes);
    REQUIRE(plain == kept);
    if (!bf16_supported()) continue;  // elsewhere the copy is not read
    const auto stale = results(
        [&](std::vector<Tensor> x) {
          keep_rounded(x[1]);
          x[1].data()[0] += 1;  // and not kept anew
          return f(x);
        },
        shapes);
    REQUIRE(stale == plain);
  }
  REQUIRE_THROWS_WITH(keep_rounded(Tensor::zeros({2})), Catch::Contains("is no leaf"));
}

}  // namespace heddle
