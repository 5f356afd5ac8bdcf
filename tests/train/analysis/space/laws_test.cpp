#include "train/analysis/space/laws.h"

#include <numbers>

#include "tests/golden/golden.h"
#include "tests/train/analysis/geometry/points.h"

namespace heddle {

TEST_CASE("exact values of the laws are those of small dimensions, and come near to their limits in large ones") {
  const SpaceLaw plane = space_law(2, Rng(1));
  CHECK(plane.cosine.exact == Approx(2 / std::numbers::pi));
  CHECK(plane.norm.exact == Approx(std::sqrt(std::numbers::pi / 2)));
  CHECK(plane.deviation.exact == Approx(std::sqrt(2 - std::numbers::pi / 2)));
  CHECK(plane.shell.exact == Approx(0.19));
  CHECK(plane.product_variance.exact == 2);
  CHECK(space_law(3, Rng(1)).cosine.exact == Approx(0.5));
  const SpaceLaw wide = space_law(2048, Rng(1));
  CHECK(wide.cosine.exact == Approx(std::sqrt(2 / (std::numbers::pi * 2048))).epsilon(2e-4));
  CHECK(wide.cosine.exact != wide.cosine_limit);
  CHECK(wide.cosine_limit == Approx(wide.cosine.exact).epsilon(2e-4));
  CHECK(wide.norm.exact == Approx(std::sqrt(2048)).epsilon(2e-4));
  CHECK(wide.deviation.exact / wide.norm.exact == Approx(1 / std::sqrt(2 * 2048.0)).epsilon(1e-3));
  CHECK(wide.shell.exact == Approx(1));
}

TEST_CASE("random vectors keep to the laws, of any dimension and seed") {
  for (const index_t dims : {2, 3, 8, 32, 128, 512}) {
    for (const std::uint64_t seed : {1U, 2U}) {
      INFO(dims << " dimensions, seed " << seed);
      const SpaceLaw law = space_law(dims, Rng(seed));
      CHECK(law.dims == dims);
      // 2,048 vectors: within four deviations of their mean, and more room for the pairs, which are not independent
      const double error = 4 / std::sqrt(2048.0);
      CHECK(law.cosine.measured == Approx(law.cosine.exact).epsilon(0.02));
      CHECK(std::abs(law.norm.measured - law.norm.exact) < error * law.deviation.exact);
      CHECK(law.deviation.measured == Approx(law.deviation.exact).epsilon(0.08));
      CHECK(law.product_variance.measured == Approx(law.product_variance.exact).epsilon(0.1));
      const double p = law.shell.exact;
      CHECK(std::abs(law.shell.measured - p) <= error * std::sqrt(p * (1 - p)) + 1e-9);
    }
  }
  CHECK(space_law(8, Rng(1)).norm.measured != space_law(8, Rng(2)).norm.measured);
  CHECK_THROWS_WITH(space_law(1, Rng(1)), Catch::Contains("in 1 dimensions there are no angles"));
}

TEST_CASE("the share of directions within an angle is SciPy's") {
  const std::vector<double> caps = Golden("space.txt").values("caps");
  REQUIRE(caps.size() == 3 * 8);
  for (std::size_t i = 0; i < caps.size(); i += 3) {
    const DirectionsLaw law = directions_law(static_cast<index_t>(caps[i]), caps[i + 1], Rng(1));
    CHECK(law.near == Approx(caps[i + 2]).epsilon(1e-8));
    CHECK(law.at_least == -law.near);
    // caps of half the angle
    if (caps[i] == 2) CHECK(std::pow(10, law.at_most) == Approx(360 / caps[i + 1]));
  }
}

TEST_CASE("as many directions are kept as fit, and drawn until two are near as the estimate says") {
  for (const std::uint64_t seed : {1U, 2U, 3U}) {
    const DirectionsLaw plane = directions_law(2, 80, Rng(seed));
    CHECK((plane.kept == 3 || plane.kept == 4));  // of 360 / 80
    CHECK(std::pow(10, plane.draws.measured) == Approx(std::pow(10, plane.draws.exact)).epsilon(0.2));
    const DirectionsLaw eight = directions_law(8, 80, Rng(seed));
    CHECK(static_cast<double>(eight.kept) >= std::pow(10, eight.at_least));
    CHECK(static_cast<double>(eight.kept) <= std::pow(10, eight.at_most));
    CHECK(eight.kept > plane.kept);
    const DirectionsLaw many = directions_law(128, 80, Rng(seed));
    // about as many as until two share a birthday among 1 / p days: within four deviations of 32 tries
    CHECK(std::pow(10, many.draws.exact) ==
          Approx(1 + std::sqrt(std::numbers::pi / 2 * std::pow(10, -many.near))).epsilon(0.02));
    CHECK(std::pow(10, many.draws.measured) ==
          Approx(std::pow(10, many.draws.exact)).epsilon(4 * 0.52 / std::sqrt(32.0)));
  }
  // of few days the sum over n of (1 - p)^(n (n - 1) / 2) itself: p = 4 / 9
  double draws = 0;
  for (int n = 0; n < 40; ++n) draws += std::pow(5.0 / 9, n * (n - 1) / 2);
  CHECK(std::pow(10, directions_law(2, 80, Rng(1)).draws.exact) == Approx(draws));
}

TEST_CASE("what is beyond counting is told by its logarithm, and where drawing takes too long nothing is measured") {
  const DirectionsLaw law = directions_law(2048, 1, Rng(1));
  CHECK(law.kept == 2048);
  CHECK(law.near == Approx(-3598).epsilon(0.01));
  CHECK(std::isfinite(law.at_most));
  CHECK(law.at_most > law.at_least);
  CHECK(law.draws.exact == Approx(-law.near / 2).epsilon(0.01));
  CHECK(std::isnan(law.draws.measured));
  CHECK_THROWS_WITH(directions_law(8, 0, Rng(1)), Catch::Contains("an angle of 0 degrees"));
  CHECK_THROWS_WITH(directions_law(8, 91, Rng(1)), Catch::Contains("an angle of 91 degrees"));
  CHECK_THROWS_AS(directions_law(1, 80, Rng(1)), Error);
}

TEST_CASE("the laws are measured alike on any number of threads") {
  require_same_on_any_threads([] {
    const SpaceLaw law = space_law(32, Rng(1));
    const DirectionsLaw directions = directions_law(32, 80, Rng(1));
    return std::vector{law.cosine.measured,
                       law.norm.measured,
                       law.deviation.measured,
                       law.shell.measured,
                       law.product_variance.measured,
                       directions.draws.measured,
                       static_cast<double>(directions.kept)};
  });
}

}  // namespace heddle
