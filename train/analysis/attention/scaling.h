#pragma once

#include <span>
#include <string>
#include <vector>

#include "framework/rng.h"
#include "train/analysis/attention/attention_steps.h"

namespace heddle {

/// How even the weights of one query are, and how far they follow its scores.
struct Softness {
  double entropy = 0;   ///< -sum w ln w, in nats: 0 where one key has all, ln n where n keys share alike
  double gradient = 0;  ///< Frobenius norm of d softmax / d scaled scores, diag(w) - w w^T: near 0 nothing is learned
};
/// Of softmax(scale * scores).
Softness softness(std::span<const double> scores, double scale);

/// Scores of `pairs` random queries with `keys` random keys each, of vectors with independent components of mean 0 and
/// variance 1: the variance of q . k is their dimension d, that of q . k / sqrt(d) is 1 (Vaswani et al., 2017, 3.2.1).
struct ScalingLaw {
  index_t dims;
  double variance;            ///< of q . k, measured
  Softness unscaled, scaled;  ///< means over the queries, without and with the division by sqrt(d)
};
ScalingLaw scaling_law(index_t dims, index_t queries, index_t keys, const Rng& rng);

/// The same of the heads of one layer of a trained model.
struct LayerScaling {
  std::string attention;
  index_t dims;
  double variance;  ///< of the scores that are seen, about their query's mean
  double scale;     ///< that the model was trained with
  Softness unscaled, scaled;
};
/// `heads` are all of one attention's; queries that see one key are left out.
LayerScaling layer_scaling(const std::string& attention, const std::vector<HeadView>& heads);

}  // namespace heddle
