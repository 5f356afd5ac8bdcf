#include "train/analysis/space/neighbourhoods.h"

#include <numbers>

#include "tests/golden/golden.h"
#include "tests/train/analysis/geometry/points.h"
#include "train/analysis/geometry/linear_algebra.h"

namespace heddle {
namespace {

double dimension(const Tensor& x) { return two_nn(nearest_neighbours(x, 2)); }

/// `n` points uniformly from the unit ball of `dims` dimensions, turned into some subspace of `of` dimensions.
Tensor embedded_ball(index_t n, index_t dims, index_t of, std::uint64_t seed) {
  const Rng rng(seed);
  const Tensor direction = Tensor::normal({n, dims}, rng.fork(0)), turn = random_rotation(of, rng.fork(1));
  Tensor x = Tensor::zeros({n, of});
  real* const values = x.mutable_data();
  for (index_t i = 0; i < n; ++i) {
    double squares = 0;
    for (index_t d = 0; d < dims; ++d) squares += std::pow(direction.data()[i * dims + d], 2);
    const double radius = std::pow(rng.fork(2).uniform(static_cast<std::uint64_t>(i)), 1 / static_cast<double>(dims)) /
                          std::sqrt(squares);
    for (index_t d = 0; d < dims; ++d) {
      for (index_t e = 0; e < of; ++e)
        values[i * of + e] += static_cast<real>(radius) * direction.data()[i * dims + d] * turn.data()[d * of + e];
    }
  }
  return x;
}

/// A rolled rectangle: (t cos t, height, t sin t) with t of 1.5 pi to 4.5 pi, as scikit-learn makes it.
Tensor swiss_roll(index_t n, std::uint64_t seed) {
  Tensor x({n, 3});
  const Rng rng(seed);
  for (index_t i = 0; i < n; ++i) {
    const auto at = static_cast<std::uint64_t>(2 * i);
    const double t = 1.5 * std::numbers::pi * (1 + 2 * rng.uniform(at));
    x.mutable_data()[3 * i] = static_cast<real>(t * std::cos(t));
    x.mutable_data()[3 * i + 1] = static_cast<real>(21 * rng.uniform(at + 1));
    x.mutable_data()[3 * i + 2] = static_cast<real>(t * std::sin(t));
  }
  return x;
}

}  // namespace

TEST_CASE("TwoNN finds the dimension of a ball in a wider space, and of a swiss roll") {
  // of 2,048 points in 5 dimensions one estimate has a deviation of 3 %, and the ball's edge takes another 4
  double ball = 0, roll = 0;
  for (const std::uint64_t seed : {1U, 2U, 3U, 4U, 5U}) {
    ball += dimension(embedded_ball(2048, 5, 50, seed)) / 5;
    roll += dimension(swiss_roll(2048, seed)) / 5;
  }
  CHECK(ball == Approx(5).epsilon(0.1));
  CHECK(roll == Approx(2).epsilon(0.03));
  CHECK(dimension(embedded_ball(2048, 1, 10, 1)) == Approx(1).epsilon(0.1));
}

TEST_CASE("TwoNN errs low in many dimensions, as its caveat says") {
  const double found = dimension(Tensor::normal({2048, 40}, Rng(3)));
  CHECK(found < 32);
  CHECK(found > 15);
}

TEST_CASE("TwoNN and hubness are scikit-learn's and SciPy's") {
  const Golden golden("space.txt");
  for (int i = 0; i < 4; ++i) {
    const std::string name = std::to_string(i) + '/';
    const Tensor x = golden.tensor(name + "x");
    CHECK(dimension(x) == Approx(golden.values(name + "two_nn")[0]).epsilon(1e-9));
    const Neighbours ten = nearest_neighbours(x, 10);
    CHECK(two_nn(ten) == dimension(x));
    CHECK(hubness(ten) == Approx(golden.values(name + "hubness")[0]).epsilon(1e-9));
  }
}

TEST_CASE("a planted hub makes points hubs, and points of few dimensions have none") {
  // all on a sphere of 60 dimensions, about equally far from each other, and one in its middle
  Tensor x = Tensor::normal({400, 60}, Rng(4));
  const double before = hubness(nearest_neighbours(x, 10));
  for (index_t d = 0; d < 60; ++d) x.mutable_data()[d] = 0;
  const double with_hub = hubness(nearest_neighbours(x, 10));
  CHECK(with_hub > before + 1);
  CHECK(std::abs(hubness(nearest_neighbours(swiss_roll(400, 1), 10))) < 1);
  // each has its pair as its nearest
  CHECK(hubness(nearest_neighbours(Tensor::from({0, 1, 10, 11}, {4, 1}), 1)) == 0);
}

TEST_CASE("of equal rows the first stays, and without equals TwoNN is finite") {
  const Tensor x = Tensor::from({1, 2, 3, 4, 1, 2, 1, 5, 3, 4, 0, 9}, {6, 2});
  CHECK(values_of(distinct_rows(x)) == std::vector<real>{1, 2, 3, 4, 1, 5, 0, 9});
  const Tensor once = embedded_ball(600, 3, 6, 2);
  Tensor twice({1200, 6});
  for (index_t i = 0; i < twice.numel(); ++i) twice.mutable_data()[i] = once.data()[i % once.numel()];
  CHECK(values_of(distinct_rows(twice)) == values_of(once));
  CHECK(dimension(distinct_rows(twice)) == dimension(once));
}

TEST_CASE("TwoNN of points on a lattice is not told, and wants two neighbours") {
  Tensor line({30, 1});
  for (index_t i = 0; i < 30; ++i) line.mutable_data()[i] = static_cast<real>(i);
  // but for the ends, whose second neighbour is twice as far and whose ratios are the largest
  CHECK(std::isnan(dimension(line)));
  CHECK_THROWS_WITH(two_nn(nearest_neighbours(line, 1)), Catch::Contains("two nearest neighbours"));
}

}  // namespace heddle
