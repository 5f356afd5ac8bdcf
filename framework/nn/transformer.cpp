#include "framework/nn/transformer.h"

#include <cmath>

namespace heddle {

double TransformerSizes::stddev() const { return 0.02 * std::sqrt(768.0 / static_cast<double>(n_embd)); }
double TransformerSizes::residual_stddev() const { return stddev() / std::sqrt(2.0 * static_cast<double>(n_layer)); }

MultiHeadAttention::MultiHeadAttention(const TransformerSizes& sizes, Initializer& init)
    : n_head(sizes.n_head),
      n_kv_head(sizes.n_kv_head),
      attention_dropout(sizes.dropout),
      qk_norm(sizes.qk_norm),
      rotary_positions(sizes.rotary) {
  ensure(n_head > 0 && sizes.n_embd % n_head == 0, "attention: n_head ", n_head, " does not divide n_embd ",
         sizes.n_embd, "; choose a width that is a multiple of the heads");
  ensure(n_kv_head > 0 && n_head % n_kv_head == 0, "attention: n_kv_head ", n_kv_head, " does not divide n_head ",
         n_head);
  ensure(!sizes.rotary || sizes.n_embd / n_head % 2 == 0, "attention: rotary positions turn pairs, and heads of width ",
         sizes.n_embd / n_head, " have none; choose an even n_embd / n_head");
  const index_t kv_width = n_kv_head * (sizes.n_embd / n_head);
  qkv = Linear(sizes.n_embd, sizes.n_embd + 2 * kv_width, sizes.bias, init, sizes.stddev());
  proj = Linear(sizes.n_embd, sizes.n_embd, sizes.bias, init, sizes.residual_stddev());
}

Tensor MultiHeadAttention::forward(const Tensor& x, Context& context, AttentionOptions options) const {
  const index_t batch = x.size(0), time = x.size(1), head = x.size(2) / n_head, turned = n_head + n_kv_head;
  Tensor packed = reshape(qkv.forward(x), Shape{batch, time, n_head + 2 * n_kv_head, head});
  if (qk_norm) packed = head_norm(packed, turned);
  if (rotary_positions) packed = rotary(packed, context.cache != nullptr ? context.cache->length : 0, 10000, turned);
  if (context.training && attention_dropout > 0) {
    options.dropout = attention_dropout;
    options.rng = context.next_rng();
  }
  if (context.cache == nullptr) return proj.forward(reshape(self_attention(packed, n_head, options), x.shape()));
  auto& [keys, values] = context.cache->entries[this];
  if (!keys.defined()) {
    const Shape shape{batch, context.cache->capacity, n_kv_head, head};
    keys = Tensor(shape);
    values = Tensor(shape);
  }
  const Tensor y = cached_attention(packed, n_head, keys, values, context.cache->length);
  return proj.forward(reshape(y, x.shape()));
}

namespace {

/// Width inside the MLP, and how many times that its first layer makes.
index_t inner_width(const TransformerSizes& sizes) {
  return sizes.activation == Activation::swiglu ? (sizes.n_embd * 8 / 3 + 31) / 32 * 32 : 4 * sizes.n_embd;
}
index_t parts(const TransformerSizes& sizes) { return sizes.activation == Activation::swiglu ? 2 : 1; }

}  // namespace

MLP::MLP(const TransformerSizes& sizes, Initializer& init)
    : fc(sizes.n_embd, parts(sizes) * inner_width(sizes), sizes.bias, init, sizes.stddev()),
      proj(inner_width(sizes), sizes.n_embd, sizes.bias, init, sizes.residual_stddev()),
      activation(sizes.activation) {}

Block::Block(const TransformerSizes& sizes, Initializer& init)
    : norm1(sizes.n_embd, sizes.bias, init),
      attention(sizes, init),
      norm2(sizes.n_embd, sizes.bias, init),
      mlp(sizes, init),
      residual_dropout{sizes.dropout} {}

Tensor Block::forward(const Tensor& x, Context& context, const AttentionOptions& options) const {
  const Tensor branch = residual_dropout.forward(attention.forward(norm1.forward(x), context, options), context);
  const auto [h, normed] = add_layer_norm(x, branch, norm2.weight, norm2.bias);
  return h + residual_dropout.forward(mlp.forward(normed), context);
}

}  // namespace heddle
