#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "framework/keys.h"
#include "train/analysis/geometry/affinities.h"
#include "train/analysis/geometry/quadtree.h"

namespace heddle {

struct TsneConfig {
  double perplexity = 30, theta = 0.5, exaggeration = 12, learning_rate = 0;
  std::int64_t iterations = 1000, exact_below = 2000, seed = 1;

  std::vector<Key> keys();
};

/// Called after each iteration, 1 .. iterations, with the latest KL(P | Q) in nats, which is taken at the first
/// iteration, every 50th and the last, and never of exaggerated P.
using TsneProgress = std::function<void(index_t iteration, index_t iterations, double divergence)>;

/// Places the N points x [N, D] in the plane so that near ones stay near: [N, 2] around the origin (van der Maaten &
/// Hinton, "Visualizing Data using t-SNE", JMLR 9, 2008).
///
/// Affinities P are those of the 3 * perplexity nearest neighbours, found exactly. The plane's points begin on the
/// first two principal components, scaled to a standard deviation of 1e-4, with noise of a hundredth of that, which
/// parts equal points. Gradient descent with momentum and gains then lowers KL(P | Q), with P exaggerated for the first
/// 250 iterations or the first quarter, if that is less. Repulsion is summed over all pairs where N < exact_below,
/// otherwise by Barnes and Hut. The unit of x does not matter.
///
/// Errors: x as for check_points; 3 * perplexity > N - 1; all points equal.
Tensor tsne(const Tensor& x, const TsneConfig& config, const TsneProgress& progress = {});

/// gradient_i = 4 sum over j of (exaggeration p_ij - q_ij / Z) q_ij (y_i - y_j), with q_ij, theta and returned Z those
/// of repulsion(): the slope of KL(P | Q) where exaggeration is 1. `gradient` has the size of y.
double tsne_gradient(const Affinities& p, const Plane& y, double exaggeration, std::optional<double> theta,
                     Plane& gradient);
/// KL(P | Q) in nats, with the Z that belongs to y.
double tsne_divergence(const Affinities& p, const Plane& y, double z);

}  // namespace heddle
