#include "train/analysis/geometry/projection_quality.h"

#include <numeric>

#include "train/analysis/geometry/neighbours.h"

namespace heddle {
namespace {

/// Rank of point j by distance, 1 for the nearest.
index_t rank_of(std::size_t j, std::span<const double> squared) {
  index_t nearer = 0;
  for (std::size_t l = 0; l < j; ++l) nearer += squared[l] <= squared[j];
  for (std::size_t l = j + 1; l < squared.size(); ++l) nearer += squared[l] < squared[j];
  return nearer + 1;
}

}  // namespace

ProjectionQuality projection_quality(const Tensor& x, const Tensor& y, index_t k) {
  check_points("projection quality", x);
  check_points("projection quality", y);
  const index_t n = x.size(0);
  ensure(y.size(0) == n, "projection quality: ", y.size(0), " projected points for ", n, " points");
  ensure(k >= 1 && 2 * k < n, "projection quality: ", k, " neighbours of ", n, " points are not within 1 .. ",
         (n - 1) / 2);
  const Neighbours near = nearest_neighbours(y, k);
  std::vector<index_t> beyond(static_cast<std::size_t>(n)), kept(static_cast<std::size_t>(n));
  for_distances(x, [&](index_t i, std::span<const double> squared) {
    const auto row = static_cast<std::size_t>(i);
    for (index_t e = i * k; e < (i + 1) * k; ++e) {
      const index_t rank = rank_of(static_cast<std::size_t>(near.ids[static_cast<std::size_t>(e)]), squared);
      if (rank <= k) {
        ++kept[row];
      } else {
        beyond[row] += rank - k;
      }
    }
  });
  const auto mean = [n](const std::vector<index_t>& counts) {
    return static_cast<double>(std::accumulate(counts.begin(), counts.end(), index_t{0})) / static_cast<double>(n);
  };
  const double neighbours = static_cast<double>(k);
  return {1 - 2 * mean(beyond) / (neighbours * static_cast<double>(2 * n - 3 * k - 1)), mean(kept) / neighbours};
}

}  // namespace heddle
