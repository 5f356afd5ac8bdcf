// Ops that do several things at once equal the ops that do one thing each.

#include <catch2/catch.hpp>
#include <cmath>
#include <limits>

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

TEST_CASE("a sum and its norm in one pass equal the two after another, gradients through both results included") {
  const index_t width = GENERATE(5, 70);
  const std::vector<Shape> shapes = {{3, 41, width}, {3, 41, width}, {width}, {width}};
  const auto one = results(
      [](const auto& x) {
        const auto [h, y] = add_layer_norm(x[0], x[1], x[2], x[3]);
        return h * real{0.5} + gelu(y);
      },
      shapes);
  const auto two = results(
      [](const auto& x) {
        const Tensor h = x[0] + x[1];
        return h * real{0.5} + gelu(layer_norm(h, x[2], x[3]));
      },
      shapes);
  REQUIRE(largest_difference(one, two) < kClose);
  REQUIRE_THROWS_WITH(add_layer_norm(Tensor::zeros({2, 3}), Tensor::zeros({3}), Tensor::zeros({3}), {}),
                      Catch::Contains("[2, 3]") && Catch::Contains("differ"));
}

TEST_CASE("attention in tiles equals products, a softmax and a product over whole matrices") {
  // lengths at, within and past the edges of a tile; heads alone and in groups
  const index_t time = GENERATE(3, 64, 65, 256, 300);
  const index_t heads = 4, groups = GENERATE(4, 2), size = 8;
  const std::vector<Shape> shapes = {{2, time, heads + 2 * groups, size}};
  AttentionOptions options;
  options.causal = true;
  const auto tiles = results([&](const auto& x) { return self_attention(x[0], heads, options); }, shapes);
  const auto apart = results(
      [&](const auto& x) {
        const auto part = [&](index_t begin, index_t end) { return slice(x[0], 2, begin, end); };
        return scaled_dot_product_attention(part(0, heads), part(heads, heads + groups),
                                            part(heads + groups, heads + 2 * groups), options);
      },
      shapes);
  REQUIRE(tiles == apart);
  Tensor mask({time, time});
  for (index_t i = 0; i < mask.numel(); ++i)
    mask.data()[i] = i % time > i / time ? -std::numeric_limits<real>::infinity() : real{0};
  const auto composed = results(
      [&](const auto& x) {
        const auto part = [&](index_t begin, index_t end) { return permute(slice(x[0], 2, begin, end), {0, 2, 1, 3}); };
        const auto repeated = [&](const Tensor& t) {
          std::vector<Tensor> all;
          for (index_t h = 0; h < heads; ++h) all.push_back(slice(t, 1, h * groups / heads, h * groups / heads + 1));
          return concat(all, 1);
        };
        const Tensor q = part(0, heads), k = repeated(part(heads, heads + groups)),
                     v = repeated(part(heads + groups, heads + 2 * groups));
        const Tensor scores = matmul(q, k, false, true) * static_cast<real>(1 / std::sqrt(double(size)));
        return permute(matmul(softmax(scores + mask), v), {0, 2, 1, 3});
      },
      shapes);
  REQUIRE(largest_difference(tiles, composed) < kClose);
}

TEST_CASE("attention takes memory in proportion to the length, not to its square") {
  const auto taken = [](index_t time) {
    Tensor qkv = Tensor::normal({1, time, 6, 16}, Rng(3)).set_requires_grad();
    AttentionOptions options;
    options.causal = true;
    const std::size_t before = pool_stats().bytes_in_use;
    pool_reset_peak();
    backward(sum(self_attention(qkv, 2, options)));
    return static_cast<double>(pool_stats().peak_bytes - before);
  };
  const double one = taken(1024), two = taken(2048), four = taken(4096);
  CHECK(two < 2.1 * one);
  CHECK(four - two < 2.1 * (two - one));
}

TEST_CASE("in bf16 every fused op keeps near what it gives in f32, gradients too") {
  if (sizeof(real) == sizeof(double)) return;
  const IdTensor ids({2, 70});
  AttentionOptions dropping;
  dropping.causal = true;
  dropping.dropout = 0.2;
  const std::pair<Function, std::vector<Shape>> cases[] = {
      {[](const auto& x) { return linear(x[0], x[1], x[2], Activation::gelu_tanh); }, {{70, 48}, {130, 48}, {130}}},
      {[](const auto& x) { return linear(x[0], x[1], x[2], Activation::swiglu); }, {{70, 48}, {130, 48}, {130}}},
      {[](const auto& x) { return linear(x[0], x[1], {}); }, {{3, 48}, {130, 48}}},  // few rows
      {[&](const auto& x) { return self_attention(x[0], 4, dropping); }, {{2, 300, 8, 16}}},
      {[&](const auto& x) { return linear_cross_entropy(x[0], x[1], ids) * real{100}; }, {{2, 70, 48}, {90, 48}}},
  };
  int number = 0;
  for (const auto& [f, shapes] : cases) {
    INFO("case " << number++);
    const auto full = results(f, shapes);
    const auto half = [&, f = f, shapes = shapes] {
      const PrecisionGuard bf16(Precision::bf16);
      return results(f, shapes);
    }();
    REQUIRE(full.size() == half.size());
    REQUIRE(full != half);
    for (std::size_t i = 0; i < full.size(); ++i) {
      double off = 0, all = 0;
      for (std::size_t j = 0; j < full[i].size(); ++j) {
        off += std::pow(static_cast<double>(full[i][j]) - static_cast<double>(half[i][j]), 2);
        all += std::pow(static_cast<double>(full[i][j]), 2);
      }
      CHECK(std::sqrt(off) < 0.02 * std::sqrt(all));
    }
  }
}

TEST_CASE("self-attention in pieces over a cache equals that of all positions at once") {
  const index_t heads = 4, groups = 2, size = 8, time = 70, batch = 2;
  const Tensor qkv = Tensor::normal({batch, time, heads + 2 * groups, size}, Rng(3));
  AttentionOptions options;
  options.causal = true;
  const Tensor whole = self_attention(qkv, heads, options);
  Tensor keys({batch, time + 5, groups, size}), values(keys.shape());
  for (index_t held = 0, piece = 1; held < time; held += piece, piece = std::min(piece * 3, time - held)) {
    const Tensor y = cached_attention(slice(qkv, 1, held, held + piece), heads, keys, values, held);
    const Tensor wanted = slice(whole, 1, held, held + piece);
    REQUIRE(largest_difference({{y.span().begin(), y.span().end()}}, {{wanted.span().begin(), wanted.span().end()}}) <
            1e-5);
  }
  REQUIRE_THROWS_WITH(cached_attention(slice(qkv, 1, 0, 6), heads, keys, values, time),
                      Catch::Contains("cached_attention: 76 positions exceed the room for 75"));
  REQUIRE_THROWS_WITH(cached_attention(qkv, 5, keys, values, 0),
                      Catch::Contains("with 5 heads") && Catch::Contains("do not fit"));
}

TEST_CASE("weights that are kept as bf16 give the bits of weights that are rounded each time") {
  if (sizeof(real) == sizeof(double)) return;
  const PrecisionGuard bf16(Precision::bf16);
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
