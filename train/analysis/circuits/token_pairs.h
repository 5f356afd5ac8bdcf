#pragma once

#include <vector>

#include "train/analysis/circuits/head_weights.h"

namespace heddle {

/// A pair of tokens as a head's query-key matrix scores it.
struct TokenPair {
  index_t query, key;
  double score;  ///< scale e_q^T W_Q^T W_K e_k
};

/// The `count` pairs of rows of `tokens` [V, C] with the highest scores, falling, those alike in the order of their
/// tokens. Scores are computed for some queries at a time, so that no [V, V] is held.
std::vector<TokenPair> top_pairs(const HeadWeights& head, const Tensor& tokens, index_t count);

}  // namespace heddle
