#include "framework/nn/transformer.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <limits>

namespace heddle {
namespace {

constexpr double kClose = sizeof(real) == 8 ? 1e-12 : 2e-5;

double difference(const Tensor& a, const Tensor& b) {
  REQUIRE(a.shape() == b.shape());
  double worst = 0;
  for (index_t i = 0; i < a.numel(); ++i)
    worst = std::max(worst, std::abs(static_cast<double>(a.data()[i]) - static_cast<double>(b.data()[i])));
  return worst;  // NaN compares with nothing, and is seen by whoever asks for `<`
}

TransformerOptions small() {
  TransformerOptions options{2, 4, 4, 24};
  return options;
}

Tensor some(const Shape& shape, std::uint64_t seed) { return Tensor::normal(shape, Rng(seed)); }

/// Parameters of every kind away from where they begin, so that each counts.
template <class Module>
void stir(Module& module) {
  std::uint64_t seed = 100;
  for (NamedParameter& p : named_parameters(module)) {
    const Tensor values = Tensor::normal(p.tensor.shape(), Rng(seed++), 0.3, p.role == Role::vector ? 0.7 : 0.0);
    std::copy_n(values.data(), values.numel(), p.tensor.mutable_data());
  }
}

/// A norm by plain ops.
Tensor plain_norm(const Norm& norm, const Tensor& x, NormKind kind, double eps) {
  const Tensor centred = kind == NormKind::layer ? x - mean(x, {-1}, true) : x;
  Tensor y = centred / sqrt(mean(centred * centred, {-1}, true) + static_cast<real>(eps));
  if (norm.weight.defined()) y = y * norm.weight;
  return norm.bias.defined() ? y + norm.bias : y;
}

/// softmax(q k^T / sqrt(D) + masks) v, number by number.
Tensor plain_attention(const Tensor& q, const Tensor& k, const Tensor& v, bool causal, const Tensor& mask = {}) {
  const index_t batch = q.size(0), queries = q.size(1), heads = q.size(2), size = q.size(3);
  const index_t keys = k.size(1), groups = k.size(2);
  const auto at = [](const Tensor& x, index_t b, index_t t, index_t n, index_t d) {
    return static_cast<double>(x.data()[((b * x.size(1) + t) * x.size(2) + n) * x.size(3) + d]);
  };
  Tensor y(q.shape());
  for (index_t b = 0; b < batch; ++b) {
    for (index_t h = 0; h < heads; ++h) {
      const index_t g = h / (heads / groups);
      for (index_t i = 0; i < queries; ++i) {
        std::vector<double> weights;
        double total = 0;
        for (index_t j = 0; j < keys; ++j) {
          double score = 0;
          for (index_t d = 0; d < size; ++d) score += at(q, b, i, h, d) * at(k, b, j, g, d);
          const bool seen = (!causal || j <= i + keys - queries) && (!mask.defined() || mask.data()[b * keys + j] != 0);
          weights.push_back(seen ? std::exp(score / std::sqrt(static_cast<double>(size))) : 0.0);
          total += weights.back();
        }
        for (index_t d = 0; d < size; ++d) {
          double sum = 0;
          for (index_t j = 0; j < keys; ++j) sum += weights[static_cast<std::size_t>(j)] * at(v, b, j, g, d);
          y.mutable_data()[((b * queries + i) * heads + h) * size + d] = static_cast<real>(total > 0 ? sum / total : 0);
        }
      }
    }
  }
  return y;
}

/// Queries whose scores have the scale of the options where plain_attention divides them by the root of their width.
Tensor rescaled(const Tensor& q, const TransformerOptions& options) {
  return options.scale ? q * static_cast<real>(*options.scale * std::sqrt(static_cast<double>(q.size(3)))) : q;
}

AttentionOptions causal() {
  AttentionOptions options;
  options.causal = true;
  return options;
}

}  // namespace

TEST_CASE("a norm of each kind, with and without weight and bias, is the formula") {
  NormOptions options;
  options.kind = GENERATE(NormKind::layer, NormKind::rms);
  options.weight = GENERATE(true, false);
  options.bias = GENERATE(true, false);
  options.eps = GENERATE(1e-5, 0.5);
  Initializer init{Rng(1)};
  Norm norm(10, options, init);
  stir(norm);
  CHECK(norm.weight.defined() == options.weight);
  CHECK(norm.bias.defined() == (options.weight && options.bias && options.kind == NormKind::layer));
  const Tensor x = some({3, 10}, 2), branch = some({3, 10}, 3);
  CHECK(difference(norm.forward(x), plain_norm(norm, x, options.kind, options.eps)) < kClose);
  const auto [sum, normed] = norm.forward_sum(x, branch);
  CHECK(difference(sum, x + branch) < kClose);
  CHECK(difference(normed, plain_norm(norm, x + branch, options.kind, options.eps)) < kClose);
}

TEST_CASE("self-attention is its formula with heads alone and in groups, normalized and turned") {
  TransformerOptions options = small();
  options.n_kv_head = GENERATE(4, 2, 1);
  options.qk_norm = GENERATE(false, true);
  if (GENERATE(false, true)) options.rotary = 100;
  options.bias = GENERATE(false, true);
  if (GENERATE(false, true)) options.scale = 0.7;
  Initializer init{Rng(1)};
  MultiHeadAttention attention(options.attention(), init);
  stir(attention);
  const index_t groups = options.n_kv_head, size = 6;
  REQUIRE(attention.qkv.weight.shape() == Shape{24 + 2 * groups * size, 24});
  const Tensor x = some({2, 5, 24}, 3);
  const Tensor packed = reshape(linear(x, attention.qkv.weight, attention.qkv.bias), Shape{2, 5, 4 + 2 * groups, size});
  Tensor q = slice(packed, 2, 0, 4), k = slice(packed, 2, 4, 4 + groups),
         v = slice(packed, 2, 4 + groups, 4 + 2 * groups);
  if (options.qk_norm) q = head_norm(q), k = head_norm(k);
  if (options.rotary) q = rotary(q, 0, 100), k = rotary(k, 0, 100);
  const Tensor heads = plain_attention(rescaled(q, options), k, v, true);
  const Tensor wanted = linear(reshape(heads, Shape{2, 5, 24}), attention.proj.weight, attention.proj.bias);
  Context context;
  CHECK(difference(attention.forward(x, context, causal()), wanted) < kClose);
}

TEST_CASE("cross-attention is scaled dot-product attention from x to the memory that is no padding") {
  TransformerOptions options = small();
  options.n_kv_head = GENERATE(4, 2);
  options.qk_norm = GENERATE(false, true);
  if (GENERATE(false, true)) options.scale = 0.7;
  Initializer init{Rng(1)};
  CrossAttention attention(options.attention(), init);
  stir(attention);
  const index_t groups = options.n_kv_head, size = 6;
  Memory memory{some({2, 7, 24}, 4), {}};
  if (GENERATE(false, true)) memory.mask = Tensor::from({1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0}, {2, 7});
  const Tensor x = some({2, 3, 24}, 5);
  Tensor q = reshape(linear(x, attention.q.weight, attention.q.bias), Shape{2, 3, 4, size});
  const Tensor packed =
      reshape(linear(memory.states, attention.kv.weight, attention.kv.bias), Shape{2, 7, 2 * groups, size});
  Tensor k = slice(packed, 2, 0, groups);
  const Tensor v = slice(packed, 2, groups, 2 * groups);
  if (options.qk_norm) q = head_norm(q), k = head_norm(k);
  const Tensor heads = plain_attention(rescaled(q, options), k, v, false, memory.mask);
  const Tensor wanted = linear(reshape(heads, Shape{2, 3, 24}), attention.proj.weight, attention.proj.bias);
  Context context;
  CHECK(difference(attention.forward(x, memory, context), wanted) < kClose);

  SECTION("and a state holds keys, values and mask for later positions") {
    DecodeState state(2, 3);
    context.state = &state;
    for (index_t t = 0; t < 3; ++t) {
      const Tensor y = attention.forward(slice(x, 1, t, t + 1), t == 0 ? memory : Memory(), context);
      CHECK(difference(y, slice(wanted, 1, t, t + 1)) < kClose);
    }
    state.reset();
    CHECK_THROWS_WITH(attention.forward(x, {}, context), Catch::Contains("no memory is given, and none is held"));
  }
}

TEST_CASE("a block adds its branches to the residual stream, with norms before them or after the sums") {
  TransformerOptions options = small();
  options.norm.kind = GENERATE(NormKind::layer, NormKind::rms);
  options.norm.eps = GENERATE(1e-5, 0.1);
  options.norm_position = GENERATE(NormPosition::pre, NormPosition::post);
  options.cross_attention = GENERATE(false, true);
  options.n_kv_head = 2;
  Initializer init{Rng(1)};
  Block block(options, init);
  stir(block);
  const Memory memory{some({2, 7, 24}, 4), {}};
  const Tensor x = some({2, 5, 24}, 3);
  Context context;
  const auto norm = [&](const Norm& n, const Tensor& in) {
    return plain_norm(n, in, options.norm.kind, options.norm.eps);
  };
  const auto attend = [&](const Tensor& in) { return block.attention.forward(in, context, causal()); };
  const auto look = [&](const Tensor& in) { return block.cross_attention.forward(in, memory, context); };
  const auto mlp = [&](const Tensor& in) {
    return linear(gelu_tanh(linear(in, block.mlp.fc.weight, block.mlp.fc.bias)), block.mlp.proj.weight,
                  block.mlp.proj.bias);
  };
  Tensor h = x;
  if (options.norm_position == NormPosition::pre) {
    h = h + attend(norm(block.norm1, h));
    if (options.cross_attention) h = h + look(norm(block.norm_cross, h));
    h = h + mlp(norm(block.norm2, h));
  } else {
    h = norm(block.norm1, h + attend(h));
    if (options.cross_attention) h = norm(block.norm_cross, h + look(h));
    h = norm(block.norm2, h + mlp(h));
  }
  CHECK(difference(block.forward(x, context, causal(), memory), h) < 20 * kClose);
  CHECK(block.cross_attention.q.weight.defined() == options.cross_attention);
}

TEST_CASE("a causal block's results do not depend on later positions, and do on earlier ones") {
  TransformerOptions options = small();
  options.n_kv_head = GENERATE(4, 2);
  options.norm_position = GENERATE(NormPosition::pre, NormPosition::post);
  options.norm.kind = NormKind::rms;
  options.norm.weight = GENERATE(false, true);
  Initializer init{Rng(1)};
  const Block block(options, init);
  Context context;
  Tensor x = some({1, 6, 24}, 3);
  const Tensor before = block.forward(x.clone(), context, causal());
  x.mutable_data()[3 * 24] += 1;
  const Tensor after = block.forward(x, context, causal());
  for (index_t t = 0; t < 6; ++t) {
    const real* const row = before.data() + t * 24;
    CHECK(std::equal(row, row + 24, after.data() + t * 24) == (t < 3));
  }
}

TEST_CASE("an MLP is as wide as it is told, with the parts that its activation needs") {
  TransformerOptions options = small();
  options.bias = false;
  Initializer init{Rng(1)};
  CHECK(MLP(options, init).fc.weight.shape() == Shape{96, 24});
  options.activation = Activation::swiglu;
  CHECK(MLP(options, init).fc.weight.shape() == Shape{2 * 64, 24});
  options.mlp_width = 10;
  MLP mlp(options, init);
  CHECK(mlp.fc.weight.shape() == Shape{20, 24});
  CHECK(mlp.proj.weight.shape() == Shape{24, 10});
  stir(mlp);
  const Tensor x = some({3, 24}, 2), z = linear(x, mlp.fc.weight);
  Context context;
  CHECK(difference(mlp.forward(x, context), linear(silu(slice(z, 1, 0, 10)) * slice(z, 1, 10, 20), mlp.proj.weight)) <
        kClose);
}

TEST_CASE("sizes of attention that do not fit each other are refused") {
  Initializer init{Rng(1)};
  TransformerOptions options = small();
  options.n_kv_head = 3;
  CHECK_THROWS_WITH(Block(options, init), Catch::Contains("n_kv_head 3 does not divide n_head 4"));
  options = small();
  options.n_head = 5;
  CHECK_THROWS_WITH(Block(options, init), Catch::Contains("n_head 5 does not divide n_embd 24"));
  options = {2, 8, 8, 24};
  options.rotary = 10000;
  CHECK_THROWS_WITH(Block(options, init), Catch::Contains("heads of width 3"));
}

TEST_CASE("attention by its weights equals the fused form, gradients, masks, groups and dropout included") {
  const index_t groups = GENERATE(4, 2), keys = GENERATE(5, 300);
  AttentionOptions options;
  options.causal = GENERATE(false, true);
  if (GENERATE(false, true)) {  // the second row of the batch sees no key at all
    options.key_mask = Tensor::full({2, keys}, 1);
    std::fill_n(options.key_mask.mutable_data() + keys, keys, real{0});
    options.key_mask.mutable_data()[1] = 0;
  }
  if (GENERATE(false, true)) {
    options.score_bias = Tensor::normal({4, 5, keys}, Rng(9));
    options.score_bias.mutable_data()[0] = -std::numeric_limits<real>::infinity();
  }
  options.dropout = GENERATE(0.0, 0.3);
  options.rng = Rng(11);
  options.scale = GENERATE(0.0, 0.7);
  const Tensor probe = some({2, 5, 4, 3}, 8);
  const auto run = [&](bool fused) {
    Tensor q = some({2, 5, 4, 6}, 1).set_requires_grad(), k = some({2, keys, groups, 6}, 2).set_requires_grad(),
           v = some({2, keys, groups, 3}, 3).set_requires_grad();
    const Tensor y = fused
                         ? scaled_dot_product_attention(q, k, v, options)
                         : weighted_values(dropout(attention_weights(q, k, options), options.dropout, options.rng), v);
    backward(sum(y * probe));
    return std::vector<Tensor>{y, q.grad(), k.grad(), v.grad()};
  };
  const auto one = run(true), two = run(false);
  for (std::size_t i = 0; i < one.size(); ++i) CHECK(difference(one[i], two[i]) < 10 * kClose);
}

TEST_CASE("what is added to the residual stream begins smaller, the more branches add to it") {
  TransformerOptions options = small();
  options.n_layer = 6;
  CHECK(options.stddev() == Approx(0.02 * std::sqrt(768.0 / 24)));
  CHECK(options.residual_stddev() == Approx(options.stddev() / std::sqrt(12.0)));
  options.cross_attention = true;
  CHECK(options.residual_stddev() == Approx(options.stddev() / std::sqrt(18.0)));
  CHECK(options.attention().residual_stddev == options.residual_stddev());
}

}  // namespace heddle
