#pragma once

#include "framework/nn/layers.h"

namespace heddle {

/// Sizes that the layers of a transformer share.
struct TransformerSizes {
  index_t n_layer, n_head, n_kv_head, n_embd;
  bool bias = true;
  double dropout = 0;
  Activation activation = Activation::gelu_tanh;  ///< of the MLP
  bool qk_norm = false;                           ///< queries and keys have a root mean square of 1
  bool rotary = false;                            ///< queries and keys are turned by their positions

  /// Standard deviation of the first weights: GPT-2's 0.02 at its width of 768, in inverse proportion to the root of
  /// the width, so that narrow models begin with activations of the same size. (0.02 at every width costs a model of
  /// width 128 a tenth of a nat in its first 2,000 steps.)
  double stddev() const;
  /// That of the projections that end in the residual stream: smaller by sqrt(2 n_layer), so that the stream's variance
  /// does not grow with the depth (Radford et al., "Language Models are Unsupervised Multitask Learners", 2019).
  double residual_stddev() const;
};

/// Self-attention with n_head heads side by side, keys and values in n_kv_head groups. qkv holds the queries' rows
/// first, then the keys', then the values'; proj leads back to the residual stream.
struct MultiHeadAttention {
  MultiHeadAttention() = default;
  /// Errors: heads that do not divide the width, groups that do not divide the heads.
  MultiHeadAttention(const TransformerSizes& sizes, Initializer& init);
  /// x [B, T, C] -> [B, T, C]. `options` says who may see whom; its dropout is set here. With a cache in the context, x
  /// continues the positions held there and sees them too.
  Tensor forward(const Tensor& x, Context& context, AttentionOptions options) const;
  template <class Archive>
  void serialize(Archive& ar, unsigned) {
    ar& BOOST_SERIALIZATION_NVP(qkv) & BOOST_SERIALIZATION_NVP(proj);
  }
  Linear qkv, proj;
  index_t n_head = 0, n_kv_head = 0;
  double attention_dropout = 0;
  bool qk_norm = false, rotary_positions = false;
};

/// Two linear layers with an activation between, 4 times as wide inside; with SwiGLU, whose first layer has two parts,
/// 8/3 times (to the next multiple of 32), which takes as many weights.
struct MLP {
  MLP() = default;
  MLP(const TransformerSizes& sizes, Initializer& init);
  Tensor forward(const Tensor& x) const { return proj.forward(fc.forward(x, activation)); }
  template <class Archive>
  void serialize(Archive& ar, unsigned) {
    ar& BOOST_SERIALIZATION_NVP(fc) & BOOST_SERIALIZATION_NVP(proj);
  }
  Linear fc, proj;
  Activation activation = Activation::gelu_tanh;
};

/// Pre-norm block: x + attention(norm1(x)), then x + mlp(norm2(x)).
struct Block {
  Block() = default;
  Block(const TransformerSizes& sizes, Initializer& init);
  Tensor forward(const Tensor& x, Context& context, const AttentionOptions& options) const;
  template <class Archive>
  void serialize(Archive& ar, unsigned) {
    ar& BOOST_SERIALIZATION_NVP(norm1) & BOOST_SERIALIZATION_NVP(attention);
    ar& BOOST_SERIALIZATION_NVP(norm2) & BOOST_SERIALIZATION_NVP(mlp);
  }
  LayerNorm norm1;
  MultiHeadAttention attention;
  LayerNorm norm2;
  MLP mlp;
  Dropout residual_dropout;
};

}  // namespace heddle
