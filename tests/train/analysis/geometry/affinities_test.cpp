#include "train/analysis/geometry/affinities.h"

#include <numeric>

#include "tests/train/analysis/geometry/points.h"

namespace heddle {

TEST_CASE("every point's affinities have the wanted perplexity and fall with the squared distance as a Gaussian does") {
  const Neighbours near = nearest_neighbours(Tensor::normal({200, 8}, Rng(7)), 90);
  const double perplexity = GENERATE(1.5, 5.0, 30.0, 89.0);
  const std::vector<real> p = conditional_affinities(near, perplexity);
  for (std::size_t i = 0; i < 200; ++i) {
    const real* const row = p.data() + i * 90;
    const double* const squared = near.squared.data() + i * 90;
    double sum = 0, entropy = 0;
    for (std::size_t j = 0; j < 90; ++j) {
      sum += row[j];
      entropy -= row[j] > 0 ? row[j] * std::log(row[j]) : 0;
    }
    REQUIRE(sum == Approx(1).epsilon(1e-5));
    REQUIRE(std::exp(entropy) == Approx(perplexity).epsilon(1e-5));
    const double beta = std::log(row[0] / row[1]) / (squared[1] - squared[0]);
    for (std::size_t j = 2; j < 90 && row[j] > 1e-30; ++j)
      REQUIRE(std::log(row[0] / row[j]) == Approx(beta * (squared[j] - squared[0])).epsilon(1e-3).margin(1e-5));
  }
}

TEST_CASE("affinities do not depend on the unit of distances") {
  Neighbours near = nearest_neighbours(Tensor::normal({50, 3}, Rng(7)), 20);
  const std::vector<real> p = conditional_affinities(near, 6);
  const double unit = GENERATE(1e-60, 1e60);
  for (double& squared : near.squared) squared *= unit;
  const std::vector<real> scaled = conditional_affinities(near, 6);
  for (std::size_t e = 0; e < p.size(); ++e) REQUIRE(scaled[e] == Approx(p[e]).margin(1e-6));
}

TEST_CASE("where too many neighbours are equally near they share alike") {
  Neighbours near{5, {1, 2, 3, 4, 5}, {2, 2, 2, 2, 9}};
  const std::vector<real> p = conditional_affinities(near, 3);
  for (std::size_t j = 0; j < 4; ++j) CHECK(p[j] == 0.25F);
  CHECK(p[4] == 0);
  near.squared = {0, 0, 0, 0, 0};
  CHECK(conditional_affinities(near, 3) == std::vector<real>(5, 0.2F));
}

TEST_CASE("joint affinities are the mean of both directions, symmetric, and sum to 1") {
  constexpr std::size_t n = 60, count = 12;
  const Neighbours near = nearest_neighbours(Tensor::normal({n, 5}, Rng(9)), count);
  const std::vector<real> conditional = conditional_affinities(near, 4);
  std::vector<double> expected(n * n);
  for (std::size_t e = 0; e < n * count; ++e) {
    const std::size_t i = e / count, j = static_cast<std::size_t>(near.ids[e]);
    expected[i * n + j] += conditional[e] / (2.0 * n);
    expected[j * n + i] += conditional[e] / (2.0 * n);
  }
  const Affinities joint = joint_affinities(near, conditional);
  REQUIRE(joint.size() == n);
  REQUIRE(std::accumulate(joint.values.begin(), joint.values.end(), 0.0) == Approx(1).epsilon(1e-5));
  std::vector<double> found(n * n);
  for (std::size_t i = 0; i < n; ++i) {
    for (auto e = static_cast<std::size_t>(joint.begin[i]); e < static_cast<std::size_t>(joint.begin[i + 1]); ++e) {
      if (e > static_cast<std::size_t>(joint.begin[i])) REQUIRE(joint.ids[e - 1] < joint.ids[e]);
      found[i * n + static_cast<std::size_t>(joint.ids[e])] = joint.values[e];
    }
  }
  for (std::size_t e = 0; e < n * n; ++e) REQUIRE(found[e] == Approx(expected[e]).margin(1e-9));
  for (std::size_t e = 0; e < n * n; ++e) REQUIRE(found[e] == found[e % n * n + e / n]);
}

TEST_CASE("affinities are the same on any number of threads") {
  const Neighbours near = nearest_neighbours(Tensor::normal({300, 5}, Rng(9)), 30);
  require_same_on_any_threads([&] { return joint_affinities(near, conditional_affinities(near, 10)).values; });
}

TEST_CASE("a perplexity that the neighbours cannot have is refused") {
  const Neighbours near = nearest_neighbours(Tensor::normal({50, 3}, Rng(7)), 20);
  REQUIRE_THROWS_WITH(conditional_affinities(near, 0.5), Catch::Contains("perplexity 0.5 is not within 1 .. 20"));
  REQUIRE_THROWS_WITH(conditional_affinities(near, 20.5), Catch::Contains("perplexity 20.5 is not within 1 .. 20"));
  REQUIRE_THROWS_WITH(conditional_affinities(near, std::nan("")), Catch::Contains("perplexity nan"));
}

}  // namespace heddle
