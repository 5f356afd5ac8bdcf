#include "framework/nn/transformer.h"

#include <cmath>
#include <tuple>

namespace heddle {

double TransformerOptions::stddev() const { return 0.02 * std::sqrt(768.0 / static_cast<double>(n_embd)); }

double TransformerOptions::residual_stddev() const {
  return stddev() / std::sqrt((cross_attention ? 3.0 : 2.0) * static_cast<double>(n_layer));
}

AttentionSizes TransformerOptions::attention() const {
  return {n_embd, n_head, n_kv_head, bias, dropout, qk_norm, rotary, scale, stddev(), residual_stddev()};
}

namespace {

index_t inner_width(const TransformerOptions& options) {
  if (options.mlp_width) return *options.mlp_width;
  return options.activation == Activation::swiglu ? (options.n_embd * 8 / 3 + 31) / 32 * 32 : 4 * options.n_embd;
}
/// How many times the inner width the first layer of an MLP makes.
index_t parts(const TransformerOptions& options) { return options.activation == Activation::swiglu ? 2 : 1; }

}  // namespace

MLP::MLP(const TransformerOptions& options, Initializer& init)
    : fc(options.n_embd, parts(options) * inner_width(options), options.bias, init, options.stddev()),
      proj(inner_width(options), options.n_embd, options.bias, init, options.residual_stddev()),
      activation(options.activation) {}

Block::Block(const TransformerOptions& options, Initializer& init)
    : norm1(options.n_embd, options.norm, init),
      attention(options.attention(), init),
      norm2(options.n_embd, options.norm, init),
      mlp(options, init),
      residual_dropout{options.dropout},
      norm_position(options.norm_position),
      has_cross_attention(options.cross_attention) {
  if (!has_cross_attention) return;
  norm_cross = Norm(options.n_embd, options.norm, init);
  cross_attention = CrossAttention(options.attention(), init);
}

Tensor Block::forward(const Tensor& x, Context& context, const AttentionOptions& options, const Memory& memory) const {
  const auto attention_branch = [&](const Tensor& in) {
    const auto scope = context.enter("attention");
    return residual_dropout.forward(attention.forward(in, context, options), context);
  };
  const auto cross_branch = [&](const Tensor& in) {
    const auto scope = context.enter("cross_attention");
    return residual_dropout.forward(cross_attention.forward(in, memory, context), context);
  };
  const auto mlp_branch = [&](const Tensor& in) {
    const auto scope = context.enter("mlp");
    return residual_dropout.forward(mlp.forward(in, context), context);
  };
  if (norm_position == NormPosition::post) {
    Tensor h = norm1.forward_sum(x, attention_branch(x)).second;
    if (has_cross_attention) h = norm_cross.forward_sum(h, cross_branch(h)).second;
    return norm2.forward_sum(h, mlp_branch(h)).second;
  }
  Tensor h = x, branch = attention_branch(norm1.forward(x)), normed;
  if (has_cross_attention) {
    std::tie(h, normed) = norm_cross.forward_sum(h, branch);
    branch = cross_branch(normed);
  }
  std::tie(h, normed) = norm2.forward_sum(h, branch);
  return h + mlp_branch(normed);
}

Transformer::Transformer(const TransformerOptions& options, Initializer& init) : norm_position(options.norm_position) {
  for (index_t i = 0; i < options.n_layer; ++i) blocks.emplace_back(options, init);
  if (norm_position == NormPosition::pre) norm = Norm(options.n_embd, options.norm, init);
}

Tensor Transformer::forward(const Tensor& x, Context& context, const AttentionOptions& options,
                            const Memory& memory) const {
  Tensor h;
  std::size_t first = blocks.size();  // the last states that are given: those below need not be computed
  for (; context.capture != nullptr && first > 0; --first) {
    const Tensor* const given = context.capture->given(context.path(concat_text("hidden_states/", first)));
    if (given == nullptr) continue;
    h = *given;
    break;
  }
  if (!h.defined()) {
    h = context.pass("hidden_states/0", x);
    first = 0;
  }
  for (std::size_t i = first; i < blocks.size(); ++i) {
    const auto run = [&block = blocks[i], options, mask = memory.mask,
                      part = context.part("blocks", i)](const std::vector<Tensor>& inputs) {
      Context again = part;
      return block.forward(inputs[0], again, options, inputs.size() > 1 ? Memory{inputs[1], mask} : Memory());
    };
    const std::vector<Tensor> inputs = memory.states.defined() ? std::vector{h, memory.states} : std::vector{h};
    h = context.recompute && context.capture == nullptr ? recomputed(inputs, run) : run(inputs);
    if (context.capture != nullptr) h = context.pass(concat_text("hidden_states/", i + 1), h);
  }
  return norm_position == NormPosition::pre ? norm.forward(h) : h;
}

}  // namespace heddle
