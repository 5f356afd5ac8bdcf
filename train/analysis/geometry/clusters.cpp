#include "train/analysis/geometry/clusters.h"

#include <algorithm>
#include <limits>
#include <numeric>

#include "framework/rows.h"

namespace heddle {
namespace {

double squared_distance(const real* a, const real* b, index_t width) {
  return row_sum<double>(width, [&](index_t d) {
    const double difference = static_cast<double>(a[d]) - static_cast<double>(b[d]);
    return difference * difference;
  });
}

}  // namespace

std::vector<int> cluster_rows(const Tensor& x, index_t k, const Rng& rng) {
  const index_t count = x.size(0), width = x.size(1);
  ensure(k >= 1 && k <= count, "clusters: ", k, " of ", count, " points are not possible");
  const auto row = [&](index_t i) { return x.data() + i * width; };
  Tensor centres({k, width});
  const auto centre = [&, to = centres.mutable_data()](index_t c) { return to + c * width; };

  // each next centre is a row drawn in proportion to its squared distance from the nearest so far
  std::vector<double> nearest(static_cast<std::size_t>(count), std::numeric_limits<double>::max());
  index_t chosen = static_cast<index_t>(rng.below(static_cast<std::uint64_t>(count), 0));
  for (index_t c = 0; c < k; ++c) {
    std::copy_n(row(chosen), width, centre(c));
    parallel_rows(count, width, [&](index_t i) {
      double& distance = nearest[static_cast<std::size_t>(i)];
      distance = std::min(distance, squared_distance(row(i), centre(c), width));
    });
    const double total = std::accumulate(nearest.begin(), nearest.end(), 0.0);
    double left = rng.uniform(static_cast<std::uint64_t>(c) + 1) * total;
    for (chosen = 0; chosen + 1 < count && left >= nearest[static_cast<std::size_t>(chosen)]; ++chosen)
      left -= nearest[static_cast<std::size_t>(chosen)];
  }

  std::vector<int> cluster(static_cast<std::size_t>(count), -1);
  std::vector<index_t> sizes;
  for (int round = 0; round < 100; ++round) {
    const std::vector<int> before = cluster;
    parallel_rows(count, width * k, [&](index_t i) {
      double best = std::numeric_limits<double>::max();
      for (index_t c = 0; c < k; ++c) {
        const double distance = squared_distance(row(i), centre(c), width);
        if (distance < best) {
          best = distance;
          cluster[static_cast<std::size_t>(i)] = static_cast<int>(c);
        }
      }
    });
    if (cluster == before) break;
    std::vector<double> sums(static_cast<std::size_t>(k * width));
    sizes.assign(static_cast<std::size_t>(k), 0);
    for (index_t i = 0; i < count; ++i) {
      const auto c = static_cast<std::size_t>(cluster[static_cast<std::size_t>(i)]);
      ++sizes[c];
      for (index_t d = 0; d < width; ++d)
        sums[c * static_cast<std::size_t>(width) + static_cast<std::size_t>(d)] += row(i)[d];
    }
    for (index_t c = 0; c < k; ++c) {
      const auto size = static_cast<double>(sizes[static_cast<std::size_t>(c)]);
      for (index_t d = 0; d < width && size > 0; ++d)  // one that nothing is near stays where it is
        centre(c)[d] = static_cast<real>(sums[static_cast<std::size_t>(c * width + d)] / size);
    }
  }

  std::vector<int> order(static_cast<std::size_t>(k)), number(static_cast<std::size_t>(k));
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](int a, int b) {
    return sizes[static_cast<std::size_t>(a)] > sizes[static_cast<std::size_t>(b)];
  });
  for (std::size_t i = 0; i < order.size(); ++i) number[static_cast<std::size_t>(order[i])] = static_cast<int>(i);
  for (int& c : cluster) c = number[static_cast<std::size_t>(c)];
  return cluster;
}

}  // namespace heddle
