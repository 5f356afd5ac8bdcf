#pragma once

#include <string>
#include <vector>

#include "framework/nn/transformer.h"

namespace heddle {

/// A transformer of tokens in its parts: what goes into its residual stream, and what makes scores of tokens of what
/// leaves it.
struct TokenStream {
  /// One of the layers of the head: a norm, or a linear layer with an activation.
  struct Layer {
    std::string name;  ///< its path in the model
    const Norm* norm = nullptr;
    const Linear* linear = nullptr;
    Activation activation = Activation::none;
  };

  std::string path;  ///< of the transformer in the model: "", "decoder/"
  const Transformer* transformer = nullptr;
  const Embedding* tokens = nullptr;
  double token_scale = 1;                ///< what rows of that are multiplied with on their way in
  const Norm* embedding_norm = nullptr;  ///< of all that goes into the stream, where there is one
  std::vector<Layer> head{};             ///< in their order, a linear layer last; none: it scores no tokens
  double softcap = 0;                    ///< c: a score z counts as c tanh(z / c); 0: as it is

  /// Begins the head with the transformer's last norm, where it has one.
  void add_last_norm();
  /// Scores of each token [N, V] by h [N, C], what a block left: those of the model, if it was the last. Before the
  /// soft-cap, or after it.
  Tensor scores(const Tensor& h, bool capped = true) const;
};

}  // namespace heddle
