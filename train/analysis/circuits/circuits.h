#pragma once

#include <optional>
#include <string>
#include <vector>

#include "framework/rng.h"
#include "train/analysis/circuits/head_weights.h"

/// What heads do by their weights alone (Elhage et al., "A Mathematical Framework for Transformer Circuits", 2021). Of
/// matrices [C, C] and [V, V] only their factors, D wide, are ever made.
namespace heddle {

/// exp(-sum p ln p) of p = values / their sum: how many directions a matrix with these singular values has, as far as
/// they are alike (Roy and Vetterli, "The effective rank", 2007). Of nothing but zeros 0.
double effective_rank(const std::vector<double>& singular_values);

/// How far a head raises the score of the token that it looks at: eigenvalues of W_U W_O W_V W_E [V, V], of which no
/// more than D are not 0: those of W_V W_E W_U W_O.
struct Copying {
  double score;     ///< sum of the eigenvalues / sum of their absolute values: 1 copies, -1 avoids
  double positive;  ///< share of those with a positive real part, of those above 1e-6 of the largest
};

/// One head's circuits.
struct HeadCircuits {
  std::string attention;
  index_t layer, head;
  std::vector<double> qk;   ///< singular values of scale W_Q^T W_K, which scores pairs of places; falling, D of them
  std::vector<double> ov;   ///< of W_O W_V, which moves what is at one place to another
  double qk_rank, ov_rank;  ///< their effective ranks
  std::optional<Copying> copying;  ///< where the stream is of tokens, and scores them
};
/// `embedding_by_head` [C, C] is W_E W_U, see tokens_by_head; undefined: no copying.
HeadCircuits head_circuits(const HeadWeights& head, const Tensor& embedding_by_head);

/// W_E W_U [C, C] of the rows of both tables [V, C].
Tensor tokens_by_head(const Tensor& embedding, const Tensor& unembedding);

/// How far what a head writes is what a later one reads: |A B| / (|A| |B|), Frobenius norms, of W_OV of the first and
/// W_QK of the second on the side of its queries (q) and its keys (k), or its W_OV (v).
struct Composition {
  double q, k, v;
};
struct ComposedHeads {
  std::string attention_from, attention_to;
  index_t layer_from, head_from, layer_to, head_to;
  Composition score;
};
/// All pairs of heads of self-attention, of which one stands in a later block of the same stack. What lies between
/// them, the later block's norm aside, counts for nothing: of post-norm blocks the norms after the sums too.
std::vector<ComposedHeads> compositions(const std::vector<HeadWeights>& heads);

/// Mean and standard deviation.
struct Spread {
  double mean = 0, deviation = 0;
};
struct CompositionSpread {
  Spread q, k, v;
};
CompositionSpread spread_of(const std::vector<ComposedHeads>& pairs);
/// That of 64 pairs of heads whose weights are independent and normal, `size` wide in a stream of `width`.
CompositionSpread random_composition(index_t width, index_t size, const Rng& rng);

}  // namespace heddle
