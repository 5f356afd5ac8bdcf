#pragma once

#include "framework/nn/positions.h"
#include "framework/nn/transformer.h"
#include "models/model.h"

namespace heddle {

/// What an attention's scores are multiplied with before the softmax: 1 / sqrt(width of a head), which keeps their
/// variance at that of one component (Vaswani et al., "Attention Is All You Need", 2017); or nothing.
enum class AttentionScale { sqrt, none };
constexpr auto names_of(AttentionScale) {
  return std::array{Named{AttentionScale::sqrt, "sqrt"}, Named{AttentionScale::none, "none"}};
}

/// The sizes and options that every transformer has, and their keys in [model]. Defaults are GPT-2's form; a model with
/// another sets its own in its constructor.
struct TransformerConfig {
  std::int64_t n_layer = 4, n_head = 4, n_embd = 128;
  double dropout = 0;
  bool bias = true;
  Activation activation = Activation::gelu_tanh;
  Positions positions = Positions::learned;
  double rotary_base = 10000;
  bool qk_norm = false;
  AttentionScale attention_scale = AttentionScale::sqrt;
  std::int64_t n_kv_head = 0, mlp_width = 0;
  NormKind norm = NormKind::layer;
  bool norm_weight = true;
  NormPosition norm_position = NormPosition::pre;

  std::vector<Key> transformer_keys();
  /// Errors: sizes that do not fit each other, by the keys' names.
  TransformerOptions transformer_options() const;
};

/// A training step's floating-point operations of one position of a transformer that has `parameters` parameters and
/// attends to `seen` positions in each block: 6 N + 12 L C T, six for every parameter, and the attention's scores and
/// sums, forward and backward (Chowdhery et al., "PaLM", 2022, appendix B).
double transformer_flops(index_t parameters, const TransformerConfig& config, index_t seen);

}  // namespace heddle
