#include "framework/nn/attention.h"

#include <cmath>
#include <limits>

namespace heddle {
namespace {

void check(const AttentionSizes& sizes) {
  ensure(sizes.n_head > 0 && sizes.width % sizes.n_head == 0, "attention: n_head ", sizes.n_head,
         " does not divide n_embd ", sizes.width, "; choose a width that is a multiple of the heads");
  ensure(sizes.n_kv_head > 0 && sizes.n_head % sizes.n_kv_head == 0, "attention: n_kv_head ", sizes.n_kv_head,
         " does not divide n_head ", sizes.n_head);
  ensure(!sizes.rotary || sizes.width / sizes.n_head % 2 == 0,
         "attention: rotary positions turn pairs, and heads of width ", sizes.width / sizes.n_head,
         " have none; choose an even n_embd / n_head");
}

index_t kv_width(const AttentionSizes& sizes) { return sizes.n_kv_head * (sizes.width / sizes.n_head); }

/// The scale of an attention's scores, and what the context says: the products' precision, and dropout of its weights
/// while training.
void set_options(AttentionOptions& options, const AttentionSizes& sizes, Context& context) {
  options.scale = sizes.scale;
  options.precision = context.precision;
  if (!context.training || sizes.dropout == 0) return;
  options.dropout = sizes.dropout;
  options.rng = context.next_rng();
  options.first_row = context.first_row;
}

/// Attention by its weights, which are offered.
Tensor composed(const Tensor& q, const Tensor& k, const Tensor& v, const AttentionOptions& options,
                const Context& context) {
  const Tensor weights = context.pass("weights", attention_weights(q, k, options));
  return weighted_values(dropout(weights, options.dropout, options.rng, options.first_row), v, options.precision);
}

/// 1 where a query sees a key, else 0: [B, H, Tq, Tk], or undefined where every query sees every key.
Tensor visible_keys(const Shape& scores, const AttentionOptions& options) {
  const Tensor &mask = options.key_mask, &bias = options.score_bias;
  if (!options.causal && !mask.defined() && !bias.defined()) return {};
  const index_t heads = scores[1], queries = scores[2], keys = scores[3];
  Tensor visible(scores);
  const Tensor biases = bias.defined() ? expand(bias.detach(), scores) : Tensor();
  parallel_rows(visible.numel() / std::max<index_t>(keys, 1), keys, [&, to = visible.mutable_data()](index_t row) {
    const index_t seen = options.causal ? row % queries + 1 + keys - queries : keys;
    for (index_t j = 0; j < keys; ++j) {
      const bool hidden = j >= seen || (mask.defined() && mask.data()[row / (heads * queries) * keys + j] == 0) ||
                          (bias.defined() && biases.data()[row * keys + j] == -std::numeric_limits<real>::infinity());
      to[row * keys + j] = hidden ? real{0} : real{1};
    }
  });
  return visible;
}

}  // namespace

Tensor attention_weights(const Tensor& q, const Tensor& k, const AttentionOptions& options) {
  ensure(q.ndim() == 4 && k.ndim() == 4 && q.size(0) == k.size(0) && q.size(3) == k.size(3) && k.size(2) > 0 &&
             q.size(2) % k.size(2) == 0 && (!options.causal || q.size(1) <= k.size(1)),
         "attention_weights: q ", q.shape(), " and k ", k.shape(),
         " do not fit; wanted [B, Tq, H, D] and [B, Tk, G, D], G a divisor of H");
  const index_t batch = q.size(0), queries = q.size(1), heads = q.size(2), size = q.size(3);
  const index_t keys = k.size(1), groups = k.size(2);
  const double scale = options.scale.value_or(1 / std::sqrt(static_cast<double>(size)));
  // the heads of a group stand below each other, so that they are multiplied with its keys at once
  const Tensor rows = reshape(permute(q, {0, 2, 1, 3}), Shape{batch, groups, heads / groups * queries, size});
  Tensor scores =
      reshape(matmul(rows, permute(k, {0, 2, 1, 3}), false, true, options.precision) * static_cast<real>(scale),
              Shape{batch, heads, queries, keys});
  if (options.score_bias.defined()) scores = scores + options.score_bias.detach();
  const Tensor visible = visible_keys(scores.shape(), options);
  if (!visible.defined()) return softmax(scores);
  constexpr auto kFar = static_cast<real>(-1e30);  // e^kFar is 0, and a row of them alone is no NaN
  return softmax(where(visible, scores, Tensor::scalar(kFar))) * visible;
}

Tensor weighted_values(const Tensor& weights, const Tensor& v, Precision precision) {
  const index_t batch = weights.size(0), heads = weights.size(1), queries = weights.size(2), keys = weights.size(3);
  const index_t groups = v.size(2);
  const Tensor rows = reshape(weights, Shape{batch, groups, heads / groups * queries, keys});
  const Tensor sums =
      reshape(matmul(rows, permute(v, {0, 2, 1, 3}), false, false, precision), Shape{batch, heads, queries, v.size(3)});
  return permute(sums, {0, 2, 1, 3});
}

MultiHeadAttention::MultiHeadAttention(const AttentionSizes& sizes, Initializer& init) : sizes_(sizes) {
  check(sizes);
  qkv = Linear(sizes.width, sizes.width + 2 * kv_width(sizes), sizes.bias, init, sizes.stddev);
  proj = Linear(sizes.width, sizes.width, sizes.bias, init, sizes.residual_stddev);
}

Tensor MultiHeadAttention::forward(const Tensor& x, Context& context, AttentionOptions options) const {
  const index_t heads = sizes_.n_head, groups = sizes_.n_kv_head, compared = heads + groups;
  ensure(context.state == nullptr || context.state->rows() == x.size(0), "attention: x ", x.shape(),
         " does not go on from a decode state of ", context.state != nullptr ? context.state->rows() : 0, " rows");
  const index_t held = context.state != nullptr ? context.state->length() : 0;
  Tensor packed =
      reshape(qkv.forward(x, context), Shape{x.size(0), x.size(1), heads + 2 * groups, sizes_.width / heads});
  if (sizes_.qk_norm) packed = head_norm(packed, compared);
  if (sizes_.rotary) packed = rotary(packed, held, *sizes_.rotary, compared);
  const auto part = [&](index_t begin, index_t end) { return slice(packed, 2, begin, end); };
  if (context.wants("queries") || context.wants("keys") || context.wants("values")) {
    packed = concat({context.pass("queries", part(0, heads)), context.pass("keys", part(heads, compared)),
                     context.pass("values", part(compared, compared + groups))},
                    2);
  }
  set_options(options, sizes_, context);
  const bool by_weights = context.wants("weights");
  Tensor y;
  if (context.state != nullptr) {
    Tensor &keys = context.state->at(context.path("keys")), &values = context.state->at(context.path("values"));
    if (!keys.defined()) {
      const Shape shape{x.size(0), context.state->capacity(), groups, packed.size(3)};
      keys = Tensor(shape);
      values = Tensor(shape);
    }
    const std::vector<index_t> lengths(static_cast<std::size_t>(x.size(0)), held);
    y = cached_attention(packed, heads, keys, values, lengths, options);
    const auto so_far = [&](const Tensor& all) { return slice(all, 1, 0, held + x.size(1)); };
    if (by_weights) y = composed(part(0, heads), so_far(keys), so_far(values), options, context);
  } else if (by_weights) {
    y = composed(part(0, heads), part(heads, compared), part(compared, compared + groups), options, context);
  } else {
    y = self_attention(packed, heads, options);
  }
  return proj.forward(reshape(context.pass("heads", y), x.shape()), context);
}

CrossAttention::CrossAttention(const AttentionSizes& sizes, Initializer& init) : sizes_(sizes) {
  check(sizes);
  q = Linear(sizes.width, sizes.width, sizes.bias, init, sizes.stddev);
  kv = Linear(sizes.width, 2 * kv_width(sizes), sizes.bias, init, sizes.stddev);
  proj = Linear(sizes.width, sizes.width, sizes.bias, init, sizes.residual_stddev);
}

Tensor CrossAttention::forward(const Tensor& x, const Memory& memory, Context& context) const {
  const index_t heads = sizes_.n_head, groups = sizes_.n_kv_head, size = sizes_.width / heads;
  Tensor keys, values;
  AttentionOptions options;
  if (context.state != nullptr) {
    keys = context.state->at(context.path("keys"));
    values = context.state->at(context.path("values"));
    options.key_mask = context.state->at(context.path("mask"));
  }
  if (!keys.defined()) {
    ensure(memory.states.defined(), "cross-attention: no memory is given, and none is held; run the encoder first");
    Tensor packed =
        reshape(kv.forward(memory.states, context), Shape{x.size(0), memory.states.size(1), 2 * groups, size});
    if (sizes_.qk_norm) packed = head_norm(packed, groups);
    keys = slice(packed, 2, 0, groups);
    values = slice(packed, 2, groups, 2 * groups);
    options.key_mask = memory.mask;
    if (context.state != nullptr) {
      context.state->at(context.path("keys")) = keys;
      context.state->at(context.path("values")) = values;
      context.state->at(context.path("mask")) = memory.mask;
    }
  }
  Tensor queries = reshape(q.forward(x, context), Shape{x.size(0), x.size(1), heads, size});
  if (sizes_.qk_norm) queries = head_norm(queries);
  queries = context.pass("queries", queries);
  keys = context.pass("keys", keys);
  values = context.pass("values", values);
  set_options(options, sizes_, context);
  const Tensor y = context.wants("weights") ? composed(queries, keys, values, options, context)
                                            : scaled_dot_product_attention(queries, keys, values, options);
  return proj.forward(reshape(context.pass("heads", y), x.shape()), context);
}

}  // namespace heddle
