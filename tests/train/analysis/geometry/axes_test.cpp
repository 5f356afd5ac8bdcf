#include "train/analysis/geometry/axes.h"

#include <catch2/catch.hpp>
#include <cmath>

namespace heddle {

TEST_CASE("pairs that differ in one direction share it, however long their differences are") {
  // the guide's plane: gender across, royalty up
  const Tensor men = Tensor::from({0.8F, 0.9F, 0.8F, 0.1F, 0.4F, -0.3F}, {3, 2});
  const Tensor women = Tensor::from({-0.8F, 0.9F, -0.8F, 0.1F, -0.1F, -0.3F}, {3, 2});
  const Axis axis = shared_axis(men, women);
  REQUIRE(axis.direction.data()[0] == Approx(-1));
  REQUIRE(axis.direction.data()[1] == Approx(0).margin(1e-6));
  REQUIRE(axis.agreement == Approx(1));
  // mixed pairs differ by (-1.6, -0.8), (-0.9, -0.4) and (-1.2, 1.2)
  REQUIRE(axis.chance == Approx(0.657467));
}

TEST_CASE("a pair is compared with the others alone") {
  const Tensor from = Tensor::zeros({3, 2});
  const Tensor to = Tensor::from({1, 0, 0, 2, 1, 0}, {3, 2});
  const Axis axis = shared_axis(from, to);
  // differences (1, 0), (0, 1), (1, 0): the first meets (1, 1), the second (2, 0)
  REQUIRE(axis.agreements[0] == Approx(std::sqrt(0.5)));
  REQUIRE(axis.agreements[1] == Approx(0).margin(1e-12));
  REQUIRE(axis.agreements[2] == Approx(std::sqrt(0.5)));
  REQUIRE(axis.agreement == Approx(2 * std::sqrt(0.5) / 3));
  REQUIRE(axis.direction.data()[0] == Approx(2 / std::sqrt(5.0)));
}

TEST_CASE("an axis that is none is refused") {
  const Tensor a = Tensor::from({1, 0, 0, 1}, {2, 2}), b = Tensor::from({0, 1, 1, 0}, {2, 2});
  REQUIRE_THROWS_WITH(shared_axis(a, b), Catch::Contains("cancel out"));
  REQUIRE_THROWS_WITH(shared_axis(a, a), Catch::Contains("vectors of pair 1 are equal"));
  REQUIRE_THROWS_WITH(shared_axis(a, Tensor::zeros({1, 2})), Catch::Contains("wants pairs"));
  REQUIRE(std::isnan(shared_axis(Tensor::from({1, 0}, {1, 2}), Tensor::from({0, 1}, {1, 2})).agreement));
}

}  // namespace heddle
