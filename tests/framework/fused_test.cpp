// Ops that do several things at once equal the ops that do one thing each.

#include <algorithm>
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
    for (std::size_t j = 0; j < a[i].size(); ++j) {
      const double difference = std::abs(static_cast<double>(a[i][j]) - static_cast<double>(b[i][j]));
      worst = std::max(worst, std::isnan(difference) ? std::numeric_limits<double>::infinity() : difference);
    }
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

TEST_CASE("a soft-capped cross-entropy is that of c tanh(z / c), gradients included, and no logit is beyond c") {
  const IdTensor ids({0, 6, -1, 3, 3}, {5});
  const double cap = 0.7, smoothing = GENERATE(0.0, 0.2);
  const CrossEntropy plain{-1, smoothing}, capped{-1, smoothing, {}, Precision::f32, cap};
  const std::vector<Shape> shapes = {{5, 9}, {70, 9}};
  const auto composed = results(
      [&](const auto& x) { return cross_entropy(tanh(linear(x[0], x[1]) / real(cap)) * real(cap), ids, plain); },
      shapes);
  const auto apart = results([&](const auto& x) { return cross_entropy(linear(x[0], x[1]), ids, capped); }, shapes);
  const auto fused = results([&](const auto& x) { return linear_cross_entropy(x[0], x[1], ids, capped); }, shapes);
  CHECK(largest_difference(apart, composed) < (sizeof(real) == 8 ? 1e-13 : 1e-5));
  CHECK(largest_difference(fused, composed) < (sizeof(real) == 8 ? 1e-13 : 1e-5));
  const IdTensor last({2}, {1});
  Tensor far = Tensor::from({1e4, 0, -1e4}, {1, 3}).set_requires_grad();
  const Tensor loss = cross_entropy(far, last, {-1, 0, {}, Precision::f32, cap});
  CHECK(static_cast<double>(loss.item()) == Approx(std::log(std::exp(2 * cap) + std::exp(cap) + 1)));
  backward(loss);
  CHECK(far.grad().data()[0] == 0);
  CHECK(far.grad().data()[1] > 0);
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
    mask.mutable_data()[i] = i % time > i / time ? -std::numeric_limits<real>::infinity() : real{0};
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

TEST_CASE("attention over several tiles of keys, with any mask, bias or dropout, equals whole matrices") {
  // fewer queries than keys, by a number that no block divides; the last tile is no whole one
  const index_t batch = 2, queries = 200, keys = GENERATE(300, 530), heads = 2, groups = 1, size = 4, value_size = 3;
  const std::vector<Shape> shapes = {
      {batch, queries, heads, size}, {batch, keys, groups, size}, {batch, keys, groups, value_size}};
  AttentionOptions causal, masked, dropping;
  causal.causal = true;
  masked.key_mask = Tensor::uniform({batch, keys}, Rng(4), -1, 1);
  for (real& seen : masked.key_mask.mutable_span()) seen = seen > 0 ? real{1} : real{0};
  dropping.dropout = 0.3;
  dropping.rng = Rng(6);
  std::vector<AttentionOptions> cases{causal, masked, dropping};
  for (const Shape& table : {Shape{queries, keys}, Shape{heads, queries, keys}, Shape{batch, 1, queries, keys},
                             Shape{batch, heads, queries, keys}}) {
    cases.emplace_back();
    cases.back().score_bias = Tensor::normal(table, Rng(5));
  }
  cases.push_back(cases.back());  // all at once
  cases.back().causal = true;
  cases.back().key_mask = masked.key_mask;
  cases.back().dropout = dropping.dropout;
  cases.back().rng = dropping.rng;
  cases.back().scale = 0.7;
  const auto hidden = [](bool sees) { return sees ? real{0} : -std::numeric_limits<real>::infinity(); };
  for (const AttentionOptions& options : cases) {
    INFO(keys << " keys, causal " << options.causal << ", mask " << options.key_mask.defined() << ", bias "
              << options.score_bias.shape() << ", dropout " << options.dropout);
    const auto in_tiles = [&] {
      return results([&](const auto& x) { return scaled_dot_product_attention(x[0], x[1], x[2], options); }, shapes);
    };
    const auto tiles = in_tiles();
    for (const int count : {1, 3}) {
      const int before = threads();
      set_threads(count);
      CHECK(largest_difference(in_tiles(), tiles) == 0);
      set_threads(before);
    }
    const auto whole = results(
        [&](const auto& x) {
          const auto of_heads = [](const Tensor& t) { return permute(t, {0, 2, 1, 3}); };
          const double scale = options.scale.value_or(1 / std::sqrt(static_cast<double>(size)));
          Tensor scores = matmul(of_heads(x[0]), of_heads(x[1]), false, true) * static_cast<real>(scale);
          if (options.score_bias.defined()) scores = scores + options.score_bias;
          Tensor sees({batch, 1, queries, keys});
          for (index_t i = 0; i < sees.numel(); ++i) {
            const index_t b = i / keys / queries, query = i / keys % queries, key = i % keys;
            sees.mutable_data()[i] =
                hidden((!options.causal || key <= query + keys - queries) &&
                       (!options.key_mask.defined() || options.key_mask.data()[b * keys + key] != 0));
          }
          return of_heads(matmul(dropout(softmax(scores + sees), options.dropout, options.rng), of_heads(x[2])));
        },
        shapes);
    REQUIRE(largest_difference(tiles, whole) < kClose);
  }
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
  const IdTensor ids({2, 70});
  Precision precision = Precision::f32;
  AttentionOptions dropping;
  dropping.causal = true;
  dropping.dropout = 0.2;
  const std::pair<Function, std::vector<Shape>> cases[] = {
      {[&](const auto& x) { return linear(x[0], x[1], x[2], Activation::gelu_tanh, precision); },
       {{70, 48}, {130, 48}, {130}}},
      {[&](const auto& x) { return linear(x[0], x[1], x[2], Activation::swiglu, precision); },
       {{70, 48}, {130, 48}, {130}}},
      {[&](const auto& x) { return linear(x[0], x[1], {}, Activation::none, precision); },
       {{3, 48}, {130, 48}}},  // few rows
      {[&](const auto& x) { return matmul(x[0], x[1], false, true, precision); }, {{70, 48}, {130, 48}}},
      {[&](const auto& x) {
         dropping.precision = precision;
         return self_attention(x[0], 4, dropping);
       },
       {{2, 300, 8, 16}}},
      {[&](const auto& x) {
         return linear_cross_entropy(x[0], x[1], ids, {-1, 0, {}, precision}) * real{100};
       },
       {{2, 70, 48}, {90, 48}}},
  };
  int number = 0;
  for (const auto& [f, shapes] : cases) {
    INFO("case " << number++);
    precision = Precision::f32;
    const auto full = results(f, shapes);
    precision = Precision::bf16;
    const auto half = results(f, shapes);
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
    const std::vector<index_t> lengths(batch, held);
    const Tensor y = cached_attention(slice(qkv, 1, held, held + piece), heads, keys, values, lengths, options);
    const Tensor wanted = slice(whole, 1, held, held + piece);
    REQUIRE(largest_difference({{y.span().begin(), y.span().end()}}, {{wanted.span().begin(), wanted.span().end()}}) <
            1e-5);
  }
  const std::vector<index_t> full(batch, time), none(batch, 0);
  REQUIRE_THROWS_WITH(cached_attention(slice(qkv, 1, 0, 6), heads, keys, values, full, options),
                      Catch::Contains("cached_attention: 76 positions exceed the room for 75"));
  REQUIRE_THROWS_WITH(cached_attention(qkv, 5, keys, values, none, options),
                      Catch::Contains("with 5 heads") && Catch::Contains("do not fit"));
  REQUIRE_THROWS_WITH(cached_attention(qkv, heads, keys, values, std::vector<index_t>{0}, options),
                      Catch::Contains("1 lengths for the rows of qkv [2, 70, 8, 8]"));
  Tensor learned = qkv.clone();
  learned.set_requires_grad();
  REQUIRE_THROWS_WITH(cached_attention(learned, heads, keys, values, none, options),
                      Catch::Contains("needs a gradient") && Catch::Contains("NoGradGuard"));
  const NoGradGuard no_grad;
  REQUIRE_NOTHROW(cached_attention(learned, heads, keys, values, none, options));
}

TEST_CASE("attention over a cache obeys its options, and each row sees its own positions alone") {
  const index_t heads = 4, groups = 2, size = 8, room = 300, batch = 3, time = GENERATE(1, 70);
  const std::vector<index_t> held = {0, 37, 220};
  const index_t longest = held[2] + time;
  const Tensor qkv = Tensor::normal({batch, time, heads + 2 * groups, size}, Rng(3));
  const Tensor held_keys = Tensor::normal({batch, room, groups, size}, Rng(4));
  const Tensor held_values = Tensor::normal({batch, room, groups, size}, Rng(5));
  AttentionOptions options;
  options.causal = GENERATE(true, false);
  options.scale = 0.7;
  const Tensor drawn = Tensor::uniform({batch, longest}, Rng(6));
  options.key_mask = where(relu(drawn - static_cast<real>(0.3)), Tensor::scalar(1), Tensor::scalar(0));
  options.score_bias = Tensor::normal({batch, GENERATE(index_t{1}, index_t{4}), time, longest}, Rng(7));

  // what no row holds is NaN, so that reading it shows
  const Tensor nothing = Tensor::full({1, room, groups, size}, std::numeric_limits<real>::quiet_NaN());
  const auto cache_of = [&](const Tensor& all) {
    std::vector<Tensor> rows;
    for (index_t b = 0; b < batch; ++b) {
      const index_t length = held[static_cast<std::size_t>(b)];
      rows.push_back(concat({slice(slice(all, 0, b, b + 1), 1, 0, length), slice(nothing, 1, length, room)}, 1));
    }
    return concat(rows, 0);
  };
  Tensor keys = cache_of(held_keys), values = cache_of(held_values);
  const Tensor y = cached_attention(qkv, heads, keys, values, held, options);
  for (index_t b = 0; b < batch; ++b) {
    const index_t length = held[static_cast<std::size_t>(b)], seen = length + time;
    const Tensor row = slice(qkv, 0, b, b + 1);
    const auto joined = [&](const Tensor& all, index_t from) {
      return concat({slice(slice(all, 0, b, b + 1), 1, 0, length), slice(row, 2, from, from + groups)}, 1);
    };
    AttentionOptions own = options;
    own.key_mask = slice(slice(options.key_mask, 0, b, b + 1), 1, 0, seen);
    own.score_bias = slice(slice(options.score_bias, 0, b, b + 1), 3, 0, seen);
    const Tensor wanted = scaled_dot_product_attention(slice(row, 2, 0, heads), joined(held_keys, heads),
                                                       joined(held_values, heads + groups), own);
    const Tensor got = slice(y, 0, b, b + 1);
    REQUIRE(largest_difference({{got.span().begin(), got.span().end()}},
                               {{wanted.span().begin(), wanted.span().end()}}) < 1e-5);
  }
}

TEST_CASE("a bf16 copy that is kept with a parameter changes no bit, and is never stale") {
  if (sizeof(real) == sizeof(double)) return;
  const Tensor x = Tensor::normal({GENERATE(3, 40), 48}, Rng(1));
  const IdTensor ids({x.size(0)});
  const Tensor first = Tensor::normal({130, 48}, Rng(2)), second = Tensor::normal({130, 48}, Rng(3));
  const std::function<Tensor(const Tensor&)> products[] = {
      [&](const Tensor& w) { return linear(x, w, {}, Activation::none, Precision::bf16); },
      [&](const Tensor& w) {
        return linear_cross_entropy(x, w, ids, {-1, 0, {}, Precision::bf16});
      },
  };
  for (const auto& product : products) {
    const auto of = [&](const Tensor& w) {
      Tensor leaf = w;
      leaf.set_requires_grad();
      const Tensor y = product(leaf);
      return std::vector<real>(y.span().begin(), y.span().end());
    };
    Tensor w = first.clone();
    const auto wanted = of(first.clone()), changed = of(second.clone());
    REQUIRE(wanted != changed);
    REQUIRE(of(w) == wanted);
    REQUIRE(w.current_bf16().defined() == reads_bf16(Precision::bf16));
    REQUIRE(of(w) == wanted);  // from the copy
    const auto written = w.mutable_span();
    std::copy(second.span().begin(), second.span().end(), written.begin());
    REQUIRE_FALSE(w.current_bf16().defined());
    REQUIRE(of(w) == changed);
    // through another handle, and by one element
    Tensor other = reshape(w.detach(), Shape{130 * 48});
    other.mutable_data()[7] = 1000;
    REQUIRE(of(w) != changed);
  }
}

TEST_CASE("in f32, weights that were rounded are read as bf16, others never") {
  if (sizeof(real) == sizeof(double)) return;
  const Tensor x = Tensor::normal({3, 48}, Rng(1));
  Tensor w = Tensor::normal({130, 48}, Rng(2));
  const auto of = [&](const Tensor& weight) {
    const Tensor y = linear(x, weight);
    return std::vector<real>(y.span().begin(), y.span().end());
  };
  const auto full = of(w);
  w.kept_bf16();
  REQUIRE_FALSE(w.exact_bf16().defined());
  REQUIRE(of(w) == full);
  w.round_to_bf16();
  REQUIRE(w.exact_bf16().defined());
  for (const real v : w.span()) REQUIRE(v == static_cast<real>(from_bf16(to_bf16(v))));
  REQUIRE(of(w) == of(w.clone()));
  REQUIRE(of(w) != full);
  w.mutable_data()[0] = static_cast<real>(3.001);
  REQUIRE_FALSE(w.exact_bf16().defined());
  w.kept_bf16();  // rounded anew, which the weight itself was not
  REQUIRE_FALSE(w.exact_bf16().defined());
}

}  // namespace heddle
