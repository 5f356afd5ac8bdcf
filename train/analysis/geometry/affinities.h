#pragma once

#include <cstdint>
#include <vector>

#include "train/analysis/geometry/neighbours.h"

namespace heddle {

/// p(j|i) [N, count] of each point's neighbours in their order: exp(-beta_i |x_i - x_j|^2), over its sum, with beta_i
/// found by bisection so that the row's perplexity, e^entropy, is the wanted one within a millionth. A point with more
/// equally near nearest neighbours than that gets the same probability for each of them (van der Maaten & Hinton,
/// "Visualizing Data using t-SNE", 2008; of the nearest alone: van der Maaten, "Accelerating t-SNE using Tree-Based
/// Algorithms", 2014). Errors: perplexity is not within 1 .. count.
std::vector<real> conditional_affinities(const Neighbours& neighbours, double perplexity);

/// Probabilities of pairs of points: that of point i and ids[e] is values[e], for e in [begin[i], begin[i + 1]).
struct Affinities {
  std::vector<index_t> begin;     ///< [N + 1]
  std::vector<std::int32_t> ids;  ///< rising within a row
  std::vector<real> values;

  index_t size() const { return static_cast<index_t>(begin.size()) - 1; }
};
/// p_ij = (p(j|i) + p(i|j)) / 2 N, which sum to 1; pairs of which neither is the other's neighbour have 0 and are left
/// out.
Affinities joint_affinities(const Neighbours& neighbours, const std::vector<real>& conditional);

}  // namespace heddle
