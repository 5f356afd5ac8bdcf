#pragma once

#include <string>
#include <vector>

#include "framework/nn/transformer.h"
#include "train/analysis/attention/attention_steps.h"

namespace heddle {

/// The weights of one head as matrices on the residual stream. With pre-norm blocks what is read is normalized first:
/// the norm's weight is folded into query, key and value, and so is the mean that a LayerNorm takes off (W diag(g) (I -
/// 1 1^T / C)); its division, which differs from place to place, and biases are not. In post-norm blocks heads read the
/// stream as it is.
struct HeadWeights {
  std::string attention;  ///< "blocks/0/attention", "decoder/blocks/1/cross_attention"
  index_t layer = 0, head = 0;
  Tensor query, key, value;  ///< [D, C]; heads of a group share key and value. Of cross-attention key and value read
                             ///< what leaves the encoder, which no norm of this block stands before
  Tensor output;             ///< [C, D]: the projection's columns that read the head
  double scale = 1;          ///< of the scores

  /// Where the blocks stand: "", "decoder/".
  std::string path() const { return stack_of(attention); }
  bool cross() const { return is_cross(attention); }
};

/// The heads of all attentions among a model's parameters, in the order of these. Errors: there are none.
std::vector<HeadWeights> head_weights(const std::vector<NamedParameter>& parameters, const TransformerOptions& options);

/// W [N, C] that reads what a norm with this weight (undefined: none) makes of x, as a matrix that reads x / its size.
Tensor fold_norm(const Tensor& w, const Tensor& weight, NormKind kind);
/// The rows of x [N, C] as such a norm leaves them, but for the division.
Tensor scale_rows(const Tensor& x, const Tensor& weight, NormKind kind);

}  // namespace heddle
