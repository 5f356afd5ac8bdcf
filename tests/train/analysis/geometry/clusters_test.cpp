#include "train/analysis/geometry/clusters.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <set>

namespace heddle {

TEST_CASE("heaps that lie apart become clusters, the largest first, on any number of threads") {
  const std::vector<int> sizes = {40, 100, 70};
  Tensor x({210, 3});
  std::vector<int> heap;
  for (int h = 0; h < 3; ++h) heap.insert(heap.end(), static_cast<std::size_t>(sizes[static_cast<std::size_t>(h)]), h);
  for (index_t i = 0; i < 210; ++i) {
    for (index_t d = 0; d < 3; ++d)
      x.mutable_data()[3 * i + d] = static_cast<real>((d == heap[static_cast<std::size_t>(i)] ? 10 : 0) +
                                                      Rng(1).normal(static_cast<std::uint64_t>(3 * i + d)));
  }
  const int usual = threads();
  set_threads(1);
  const std::vector<int> clusters = cluster_rows(x, 3, Rng(4));
  set_threads(3);
  CHECK(cluster_rows(x, 3, Rng(4)) == clusters);
  set_threads(usual);
  for (std::size_t i = 0; i < 210; ++i) REQUIRE(clusters[i] == (heap[i] == 1 ? 0 : heap[i] == 2 ? 1 : 2));
}

TEST_CASE("as many clusters as points, equal points, and what is not possible") {
  const Tensor x = Tensor::from({0, 5, 9}, {3, 1});
  const auto each = cluster_rows(x, 3, Rng(1));
  CHECK(std::set<int>(each.begin(), each.end()).size() == 3);
  CHECK(cluster_rows(Tensor::zeros({4, 2}), 2, Rng(1)) == std::vector<int>(4, 0));
  REQUIRE_THROWS_WITH(cluster_rows(x, 4, Rng(1)), Catch::Contains("4 of 3 points"));
  REQUIRE_THROWS_WITH(cluster_rows(x, 0, Rng(1)), Catch::Contains("0 of 3 points"));
}

}  // namespace heddle
