#pragma once

#include <optional>
#include <vector>

#include "framework/nn/attention.h"

namespace heddle {

/// Where a block's norms stand: before each branch (x + f(norm(x)), GPT-2's pre-norm), or after its sum (norm(x +
/// f(x)), the post-norm of Vaswani et al., 2017, and of BERT).
enum class NormPosition { pre, post };
constexpr auto names_of(NormPosition) {
  return std::array{Named{NormPosition::pre, "pre"}, Named{NormPosition::post, "post"}};
}

/// What the layers of a transformer share.
struct TransformerOptions {
  index_t n_layer, n_head, n_kv_head, n_embd;
  bool bias = true;  ///< of the linear layers
  double dropout = 0;
  Activation activation = Activation::gelu_tanh;  ///< of the MLP
  std::optional<index_t> mlp_width{};             ///< inside the MLP; see MLP
  bool qk_norm = false;                           ///< queries and keys have a root mean square of 1
  std::optional<double> rotary{};  ///< queries and keys are turned by their positions (RoPE), with this base
  std::optional<double> scale{};   ///< of the attention's scores; none: 1 / sqrt(width of a head)
  NormOptions norm{};
  NormPosition norm_position = NormPosition::pre;
  bool cross_attention = false;  ///< a block looks at a memory too

  /// Standard deviation of the first weights: GPT-2's 0.02 at its width of 768, in inverse proportion to the root of
  /// the width, so that narrow models begin with activations of the same size. (0.02 at every width costs a model of
  /// width 128 a tenth of a nat in its first 2,000 steps.)
  double stddev() const;
  /// That of the projections that end in the residual stream: smaller by the root of their number, 2 n_layer (3 n_layer
  /// with cross-attention), so that the residual stream's variance does not grow with the depth (Radford et al.,
  /// "Language Models are Unsupervised Multitask Learners", 2019).
  double residual_stddev() const;
  AttentionSizes attention() const;
};

/// Two linear layers with an activation between, 4 times as wide inside; with SwiGLU, whose first layer has two parts,
/// 8/3 times (to the next multiple of 32), which takes as many weights.
struct MLP {
  MLP() = default;
  MLP(const TransformerOptions& options, Initializer& init);
  Tensor forward(const Tensor& x, const Context& context) const {
    return proj.forward(context.pass("hidden", fc.forward(x, context, activation)), context);
  }
  template <class Archive>
  void serialize(Archive& ar, unsigned) {
    ar& BOOST_SERIALIZATION_NVP(fc) & BOOST_SERIALIZATION_NVP(proj);
  }
  Linear fc, proj;
  Activation activation = Activation::gelu_tanh;
};

/// A layer of a transformer: self-attention, cross-attention where it is asked for, and an MLP, each a branch of the
/// residual stream with a norm of its own (see NormPosition).
struct Block {
  Block() = default;
  Block(const TransformerOptions& options, Initializer& init);
  /// x [B, T, C] -> [B, T, C]; `options` says who may see whom in x. Errors: as the attentions'.
  Tensor forward(const Tensor& x, Context& context, const AttentionOptions& options, const Memory& memory = {}) const;
  template <class Archive>
  void serialize(Archive& ar, unsigned) {
    ar& BOOST_SERIALIZATION_NVP(norm1) & BOOST_SERIALIZATION_NVP(attention);
    ar& BOOST_SERIALIZATION_NVP(norm_cross) & BOOST_SERIALIZATION_NVP(cross_attention);
    ar& BOOST_SERIALIZATION_NVP(norm2) & BOOST_SERIALIZATION_NVP(mlp);
  }
  Norm norm1;
  MultiHeadAttention attention;
  Norm norm_cross;
  CrossAttention cross_attention;
  Norm norm2;
  MLP mlp;
  Dropout residual_dropout;
  NormPosition norm_position = NormPosition::pre;
  bool has_cross_attention = false;
};

/// A stack of blocks and, where those are pre-norm, the norm after the last. Offers hidden_states/0 (what goes in) and
/// hidden_states/i (what leaves block i) to a capture.
struct Transformer {
  Transformer() = default;
  Transformer(const TransformerOptions& options, Initializer& init);
  /// x [B, T, C] -> [B, T, C]; where the context says so, blocks keep what goes into them alone. A decode state is not
  /// advanced here. Errors: as the blocks'.
  Tensor forward(const Tensor& x, Context& context, const AttentionOptions& options, const Memory& memory = {}) const;
  template <class Archive>
  void serialize(Archive& ar, unsigned) {
    ar& BOOST_SERIALIZATION_NVP(blocks) & BOOST_SERIALIZATION_NVP(norm);
  }
  std::vector<Block> blocks;
  Norm norm;
  NormPosition norm_position = NormPosition::pre;
};

}  // namespace heddle
