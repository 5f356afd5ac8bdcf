#include "train/analysis/geometry/projection_quality.h"

#include <algorithm>

#include "tests/train/analysis/geometry/points.h"

namespace heddle {
namespace {

/// By its definition: all points sorted by distance from each.
ProjectionQuality quality_plainly(const Tensor& x, const Tensor& y, index_t k) {
  const index_t n = x.size(0);
  double penalty = 0, kept = 0;
  for (index_t i = 0; i < n; ++i) {
    const std::vector<index_t> in_x = by_distance(x, i), in_y = by_distance(y, i);
    for (index_t e = 0; e < k; ++e) {
      const auto rank = std::find(in_x.begin(), in_x.end(), in_y[static_cast<std::size_t>(e)]) - in_x.begin() + 1;
      rank <= k ? kept += 1 : penalty += static_cast<double>(rank - k);
    }
  }
  return {1 - penalty * 2 / static_cast<double>(n * k * (2 * n - 3 * k - 1)), kept / static_cast<double>(n * k)};
}

}  // namespace

TEST_CASE("trustworthiness and preserved neighbours are those that sorting gives, with equal distances and without") {
  const index_t n = GENERATE(3, 20, 70);
  const bool ties = GENERATE(false, true);
  const Tensor x = ties ? grid_points(n, 5, 3, 1) : Tensor::normal({n, 5}, Rng(1));
  const Tensor y = ties ? grid_points(n, 2, 4, 2) : Tensor::normal({n, 2}, Rng(2));
  for (const index_t k : {index_t{1}, (n - 1) / 4 + 1, (n - 1) / 2}) {
    const ProjectionQuality found = projection_quality(x, y, k), expected = quality_plainly(x, y, k);
    CHECK(found.trustworthiness == Approx(expected.trustworthiness));
    CHECK(found.preserved == Approx(expected.preserved));
  }
}

TEST_CASE("a projection that keeps all distances keeps all neighbours") {
  const Tensor x = grid_points(80, 2, 5, 3);
  Tensor turned({80, 2});
  for (index_t i = 0; i < 80; ++i) {
    turned.mutable_data()[2 * i] = 2 * x.data()[2 * i + 1];
    turned.mutable_data()[2 * i + 1] = 7 - 2 * x.data()[2 * i];
  }
  for (const Tensor& y : {x, turned}) {
    const ProjectionQuality all = projection_quality(x, y, 12);
    CHECK(all.trustworthiness == 1);
    CHECK(all.preserved == 1);
  }
}

TEST_CASE("a far point among the nearest costs its rank") {
  // On a line of ten, the last is put beside the first, which ranks it ninth; itself it ranks the first ninth.
  const Tensor x = Tensor::from({0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, {10, 1});
  const Tensor y = Tensor::from({0, 1, 2, 3, 4, 5, 6, 7, 8, -0.5F}, {10, 1});
  const ProjectionQuality found = projection_quality(x, y, 1);
  CHECK(found.trustworthiness == Approx(1 - 2.0 / (10 * 1 * 16) * (8 + 8)));
  CHECK(found.preserved == Approx(0.8));
}

TEST_CASE("projection quality is the same on any number of threads") {
  const Tensor x = Tensor::normal({200, 9}, Rng(1)), y = Tensor::normal({200, 2}, Rng(2));
  require_same_on_any_threads([&] {
    const ProjectionQuality found = projection_quality(x, y, 12);
    return std::pair(found.trustworthiness, found.preserved);
  });
}

TEST_CASE("projection quality needs as many projected points, and more points than twice the neighbours") {
  const Tensor x = Tensor::normal({11, 3}, Rng(1)), y = Tensor::normal({11, 2}, Rng(2));
  REQUIRE_NOTHROW(projection_quality(x, y, 5));
  REQUIRE_THROWS_WITH(projection_quality(x, y, 6), Catch::Contains("6 neighbours of 11 points are not within 1 .. 5"));
  REQUIRE_THROWS_WITH(projection_quality(x, y, 0), Catch::Contains("0 neighbours"));
  REQUIRE_THROWS_WITH(projection_quality(x, Tensor::zeros({10, 2}), 2), Catch::Contains("10 projected points for 11"));
  Tensor damaged = y.clone();
  damaged.mutable_data()[5] = std::nanf("");
  REQUIRE_THROWS_WITH(projection_quality(x, damaged, 2),
                      Catch::Contains("projection quality: row 2 holds a value that is not finite"));
  REQUIRE_THROWS_WITH(projection_quality(damaged, x, 2),
                      Catch::Contains("projection quality: row 2 holds a value that is not finite"));
}

}  // namespace heddle
