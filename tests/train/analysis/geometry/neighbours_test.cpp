#include "train/analysis/geometry/neighbours.h"

#include <limits>

#include "tests/train/analysis/geometry/points.h"

namespace heddle {
namespace {

constexpr real kInfinity = std::numeric_limits<real>::infinity();

}  // namespace

TEST_CASE("nearest neighbours are those that sorting all points gives, equally distant ones in their order") {
  const index_t n = GENERATE(2, 15, 16, 17, 40, 101), dims = GENERATE(1, 3, 20);
  const Tensor x = grid_points(n, dims, 4, 5);
  for (const index_t count : {index_t{1}, (n + 1) / 2, n - 1}) {
    const Neighbours found = nearest_neighbours(x, count);
    REQUIRE(found.count == count);
    for (index_t i = 0; i < n; ++i) {
      const std::vector<index_t> expected = by_distance(x, i);
      for (index_t e = 0; e < count; ++e) {
        const auto at = static_cast<std::size_t>(i * count + e);
        REQUIRE(found.ids[at] == expected[static_cast<std::size_t>(e)]);
        REQUIRE(found.squared[at] == squared_distance(x, i, found.ids[at]));
      }
    }
  }
}

TEST_CASE("neighbours are as exact far from the origin as near to it") {
  Tensor x = grid_points(60, 10, 4, 5);
  const Neighbours near = nearest_neighbours(x, 9);
  for (real& value : x.mutable_span()) value += 1 << 20;
  const Neighbours far = nearest_neighbours(x, 9);
  REQUIRE(near.ids == far.ids);
  REQUIRE(near.squared == far.squared);
}

TEST_CASE("neighbours are the same on any number of threads") {
  const Tensor x = Tensor::normal({150, 7}, Rng(2));
  require_same_on_any_threads([&] { return nearest_neighbours(x, 20).squared; });
}

TEST_CASE("what is no list of points has no neighbours") {
  REQUIRE_THROWS_WITH(nearest_neighbours(Tensor::zeros({6}), 1), Catch::Contains("must be [points, dimensions]"));
  REQUIRE_THROWS_WITH(nearest_neighbours(Tensor::zeros({0, 3}), 1), Catch::Contains("[0, 3]"));
  REQUIRE_THROWS_WITH(nearest_neighbours(Tensor::zeros({6, 3}), 0), Catch::Contains("1 .. 5 neighbours, not 0"));
  REQUIRE_THROWS_WITH(nearest_neighbours(Tensor::zeros({6, 3}), 6), Catch::Contains("1 .. 5 neighbours, not 6"));
  Tensor x = Tensor::zeros({6, 3});
  x.mutable_data()[14] = GENERATE(std::nanf(""), kInfinity, -kInfinity);
  REQUIRE_THROWS_WITH(nearest_neighbours(x, 2), Catch::Contains("row 4 holds a value that is not finite"));
}

}  // namespace heddle
