#include "models/transformer_config.h"

namespace heddle {

std::vector<Key> TransformerConfig::transformer_keys() {
  return {
      {"n_layer", n_layer, "transformer blocks", 1, 1000},
      {"n_head", n_head, "attention heads a block; must divide n_embd", 1, 1000},
      {"n_embd", n_embd, "width of the residual stream", 1, 100000},
      {"dropout", dropout, "share of activations dropped while training", 0.0, 0.99},
      {"bias", bias, "biases in linear layers and norms"},
      {"activation", activation, "of the MLP; gelu: GPT-2's tanh form"},
      {"positions", positions,
       "learned: an embedding of each position; rotary: rotary position embeddings (RoPE), queries and keys turned; "
       "sinusoidal: fixed waves"},
      {"rotary_base", rotary_base, "RoPE: base of the rates; larger: slower turns", 1.0, 1e12},
      {"qk_norm", qk_norm, "normalize queries and keys, head by head"},
      {"attention_scale", attention_scale,
       "sqrt: scores are divided by the root of a head's width; none: they are not"},
      {"n_kv_head", n_kv_head, "grouped-query attention: groups of heads that share keys and values; 0: n_head", 0,
       1000},
      {"mlp_width", mlp_width, "width inside the MLP; 0: 4 n_embd, with swiglu 8/3 n_embd", 0, 1000000},
      {"norm", norm, "layer: LayerNorm; rms: RMSNorm, which has no bias"},
      {"norm_weight", norm_weight, "norms scale what they normalize by weights"},
      {"norm_position", norm_position, "pre: norms before attention and MLP, and a last one; post: after their sums"},
  };
}

TransformerOptions TransformerConfig::transformer_options() const {
  const index_t groups = n_kv_head > 0 ? n_kv_head : n_head;
  ensure(n_embd % n_head == 0, "model.n_head = ", n_head, " does not divide model.n_embd = ", n_embd,
         "; choose a width that is a multiple of the heads");
  ensure(n_head % groups == 0, "model.n_kv_head = ", groups, " does not divide model.n_head = ", n_head,
         "; choose a divisor, or 0 for as many as heads");
  TransformerOptions options{n_layer, n_head, groups, n_embd};
  options.bias = bias;
  options.dropout = dropout;
  options.activation = activation;
  if (mlp_width > 0) options.mlp_width = mlp_width;
  options.qk_norm = qk_norm;
  if (attention_scale == AttentionScale::none) options.scale = 1;
  if (positions == Positions::rotary) options.rotary = rotary_base;
  options.norm.kind = norm;
  options.norm.weight = norm_weight;
  options.norm.bias = bias;
  options.norm_position = norm_position;
  return options;
}

double transformer_flops(index_t parameters, const TransformerConfig& config, index_t seen) {
  return 6.0 * static_cast<double>(parameters) +
         12.0 * static_cast<double>(config.n_layer) * static_cast<double>(config.n_embd) * static_cast<double>(seen);
}

}  // namespace heddle
