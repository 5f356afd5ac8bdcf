#include "train/analysis/geometry/statistics.h"

#include <catch2/catch.hpp>

#include "framework/check.h"
#include "tests/golden/golden.h"

namespace heddle {

TEST_CASE("ranks and rank correlations are SciPy's, with ties and without") {
  const Golden golden("scipy_statistics.txt");
  int cases = 0;
  for (; golden.contains(std::to_string(cases) + "/x"); ++cases) {
    const std::string name = std::to_string(cases) + '/';
    const std::vector<double>&x = golden.values(name + "x"), &y = golden.values(name + "y");
    CHECK(mean_ranks(x) == golden.values(name + "ranks"));
    CHECK(spearman(x, y) == Approx(golden.values(name + "spearman")[0]).epsilon(1e-12));
    CHECK(spearman(y, x) == spearman(x, y));
    CHECK(spearman(x, x) == 1);
  }
  CHECK(cases == 7);
}

TEST_CASE("intervals are SciPy's for shares, and Fisher's for rank correlations") {
  const Golden golden("scipy_statistics.txt");
  const std::vector<double>&wilson = golden.values("wilson"), &fisher = golden.values("fisher");
  REQUIRE(wilson.size() == 4 * 8);
  for (std::size_t i = 0; i < wilson.size(); i += 4) {
    const Interval got = wilson_interval(static_cast<index_t>(wilson[i]), static_cast<index_t>(wilson[i + 1]));
    CHECK(got.low == Approx(wilson[i + 2]).epsilon(1e-12));
    CHECK(got.high == Approx(wilson[i + 3]).epsilon(1e-12));
  }
  REQUIRE(fisher.size() == 4 * 4);
  for (std::size_t i = 0; i < fisher.size(); i += 4) {
    const Interval got = spearman_interval(fisher[i], static_cast<index_t>(fisher[i + 1]));
    CHECK(got.low == Approx(fisher[i + 2]).epsilon(1e-12));
    CHECK(got.high == Approx(fisher[i + 3]).epsilon(1e-12));
  }
}

TEST_CASE("intervals of nothing hold all, and those of the utmost end there") {
  CHECK(wilson_interval(0, 0).low == 0);
  CHECK(wilson_interval(0, 0).high == 1);
  for (index_t asked = 1; asked < 200; ++asked) {
    CHECK(wilson_interval(0, asked).low == 0);
    CHECK(wilson_interval(asked, asked).high == 1);
  }
  CHECK(spearman_interval(1, 3).low == -1);
  CHECK(spearman_interval(1, 3).high == 1);
  CHECK(spearman_interval(1, 4).low == 1);
  CHECK(spearman_interval(-1, 4).high == -1);
}

TEST_CASE("what has no rank correlation is refused") {
  const std::vector<double> two = {1, 2}, same = {3, 3}, three = {1, 2, 3};
  REQUIRE_THROWS_WITH(spearman(two, three), Catch::Contains("2 values and 3"));
  REQUIRE_THROWS_WITH(spearman(two, same), Catch::Contains("all 2 values of one side are equal"));
  REQUIRE_THROWS_WITH(spearman(same, two), Catch::Contains("equal"));
  REQUIRE_THROWS_WITH(spearman({}, {}), Catch::Contains("all 0 values"));
}

}  // namespace heddle
