#include "framework/nn/transformer.h"

#include <cmath>

namespace heddle {

double TransformerSizes::stddev() const { return 0.02 * std::sqrt(768.0 / static_cast<double>(n_embd)); }
double TransformerSizes::residual_stddev() const { return stddev() / std::sqrt(2.0 * static_cast<double>(n_layer)); }

MultiHeadAttention::MultiHeadAttention(const TransformerSizes& sizes, Initializer& init)
    : n_head(sizes.n_head), n_kv_head(sizes.n_kv_head), attention_dropout(sizes.dropout) {
  ensure(n_head > 0 && sizes.n_embd % n_head == 0, "attention: n_head ", n_head, " does not divide n_embd ",
         sizes.n_embd, "; choose a width that is a multiple of the heads");
  ensure(n_kv_head > 0 && n_head % n_kv_head == 0, "attention: n_kv_head ", n_kv_head, " does not divide n_head ",
         n_head);
  const index_t kv_width = n_kv_head * (sizes.n_embd / n_head);
  qkv = Linear(sizes.n_embd, sizes.n_embd + 2 * kv_width, sizes.bias, init, sizes.stddev());
  proj = Linear(sizes.n_embd, sizes.n_embd, sizes.bias, init, sizes.residual_stddev());
}

Tensor MultiHeadAttention::forward(const Tensor& x, Context& context, AttentionOptions options) const {
  const index_t batch = x.size(0), time = x.size(1), width = x.size(2), head = width / n_head,
                kv_width = n_kv_head * head;
  const Tensor packed = qkv.forward(x);
  const auto part = [&](index_t begin, index_t end) {
    return reshape(slice(packed, 2, begin, end), Shape{batch, time, (end - begin) / head, head});
  };
  const Tensor q = part(0, width);
  Tensor k = part(width, width + kv_width), v = part(width + kv_width, width + 2 * kv_width);
  if (context.cache != nullptr) {
    auto& held = context.cache->entries[this];
    k = held.keys = held.keys.defined() ? concat({held.keys, k}, 1) : k;
    v = held.values = held.values.defined() ? concat({held.values, v}, 1) : v;
  }
  if (context.training && attention_dropout > 0) {
    options.dropout = attention_dropout;
    options.rng = context.next_rng();
  }
  return proj.forward(reshape(scaled_dot_product_attention(q, k, v, options), x.shape()));
}

MLP::MLP(const TransformerSizes& sizes, Initializer& init)
    : fc(sizes.n_embd, 4 * sizes.n_embd, sizes.bias, init, sizes.stddev()),
      proj(4 * sizes.n_embd, sizes.n_embd, sizes.bias, init, sizes.residual_stddev()) {}

Block::Block(const TransformerSizes& sizes, Initializer& init)
    : norm1(sizes.n_embd, sizes.bias, init),
      attention(sizes, init),
      norm2(sizes.n_embd, sizes.bias, init),
      mlp(sizes, init),
      residual_dropout{sizes.dropout} {}

Tensor Block::forward(const Tensor& x, Context& context, const AttentionOptions& options) const {
  const Tensor h = x + residual_dropout.forward(attention.forward(norm1.forward(x), context, options), context);
  return h + residual_dropout.forward(mlp.forward(norm2.forward(h)), context);
}

}  // namespace heddle
