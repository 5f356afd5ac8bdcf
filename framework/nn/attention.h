#pragma once

#include <optional>

#include "framework/nn/layers.h"

namespace heddle {

/// What an attention module is made with.
struct AttentionSizes {
  index_t width;                   ///< of the residual stream
  index_t n_head, n_kv_head;       ///< heads of queries; groups that share keys and values
  bool bias = true;                ///< of the linear layers
  double dropout = 0;              ///< of the weights
  bool qk_norm = false;            ///< queries and keys have a root mean square of 1
  std::optional<double> rotary{};  ///< queries and keys are turned by their positions (RoPE), with this base
  std::optional<double> scale{};   ///< of the scores; none: 1 / sqrt(width of a head)
  double stddev = 0.02;            ///< of the first weights
  double residual_stddev = 0.02;   ///< of those of the projection back
};

/// Self-attention with n_head heads side by side, keys and values in n_kv_head groups. qkv holds the queries' rows
/// first, then the keys', then the values'; proj leads back to the residual stream.
struct MultiHeadAttention {
  MultiHeadAttention() = default;
  /// Errors: heads that do not divide the width, groups that do not divide the heads, an odd width of heads that turn.
  MultiHeadAttention(const AttentionSizes& sizes, Initializer& init);
  /// x [B, T, C] -> [B, T, C]. `options` says who may see whom; its dropout is set here. With a decode state in the
  /// context, x continues the positions held there and sees them too. Errors: another number of
  /// rows than the state has.
  Tensor forward(const Tensor& x, Context& context, AttentionOptions options) const;
  template <class Archive>
  void serialize(Archive& ar, unsigned) {
    ar& BOOST_SERIALIZATION_NVP(qkv) & BOOST_SERIALIZATION_NVP(proj);
  }
  Linear qkv, proj;

 private:
  AttentionSizes sizes_{};
};

/// What cross-attention looks at: the result of an encoder [B, S, C], and which of its places are no padding [B, S]
/// (undefined: all). With a decode state it is needed at the first positions alone: keys, values and mask are held.
struct Memory {
  Tensor states, mask;
};

/// Attention whose queries come from x, keys and values from the memory (Vaswani et al., "Attention Is All You Need",
/// 2017). kv holds the keys' rows, then the values'. It knows no positions.
struct CrossAttention {
  CrossAttention() = default;
  /// Errors: as MultiHeadAttention's.
  CrossAttention(const AttentionSizes& sizes, Initializer& init);
  /// x [B, T, C] -> [B, T, C]. Errors: a memory that is neither given nor held.
  Tensor forward(const Tensor& x, const Memory& memory, Context& context) const;
  template <class Archive>
  void serialize(Archive& ar, unsigned) {
    ar& BOOST_SERIALIZATION_NVP(q) & BOOST_SERIALIZATION_NVP(kv) & BOOST_SERIALIZATION_NVP(proj);
  }
  Linear q, kv, proj;

 private:
  AttentionSizes sizes_{};
};

/// The weights [B, H, Tq, Tk] of scaled_dot_product_attention before dropout, by a product and a softmax: the form that
/// can be looked at. A query that sees no key has weights of 0.
Tensor attention_weights(const Tensor& q, const Tensor& k, const AttentionOptions& options);
/// weights [B, H, Tq, Tk] times values [B, Tk, G, D] -> [B, Tq, H, D].
Tensor weighted_values(const Tensor& weights, const Tensor& v, Precision precision = Precision::f32);

}  // namespace heddle
