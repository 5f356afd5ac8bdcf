#include "train/analysis/seeds/seeds.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <limits>

namespace heddle {

// Expected values are SciPy's: t.interval, ttest_ind(equal_var=False).
TEST_CASE("mean, deviation and interval of seeds, and Welch's test of two, are SciPy's") {
  const SeedSummary one = summary_of({2.31, 2.35, 2.28}), other = summary_of({2.41, 2.39, 2.47, 2.40});
  CHECK(one.count == 3);
  CHECK(one.mean == Approx(2.313333333333333));
  CHECK(one.deviation == Approx(0.0351188458428426));
  CHECK(one.low == Approx(2.2260932839819816));
  CHECK(one.high == Approx(2.4005733826846845));
  CHECK(welch_p(one, other) == Approx(0.014627667228866792));
  CHECK(welch_p(other, one) == welch_p(one, other));
}

TEST_CASE("one seed has a mean and no interval, and no difference can be told") {
  const SeedSummary one = summary_of({2.5}), none = summary_of({}), two = summary_of({1, 2});
  CHECK(one.mean == 2.5);
  CHECK(std::isnan(one.deviation));
  CHECK(std::isnan(one.low));
  CHECK(std::isnan(none.mean));
  CHECK(std::isnan(welch_p(one, two)));
  CHECK(std::isnan(welch_p(two, none)));
}

TEST_CASE("without any spread the same mean is no difference and another is a sure one") {
  const SeedSummary one = summary_of({2, 2}), other = summary_of({3, 3});
  CHECK(welch_p(one, one) == 1);
  CHECK(welch_p(one, other) == 0);
}

TEST_CASE("Holm's correction multiplies the least by their number, the next by one less, and keeps their order") {
  const double none = std::numeric_limits<double>::quiet_NaN();
  const std::vector<double> p = holm_adjusted({none, 0.04, 0.01, 0.03, 0.9});
  REQUIRE(p.size() == 5);
  CHECK(std::isnan(p[0]));
  CHECK(p[2] == Approx(0.04));
  CHECK(p[3] == Approx(0.09));
  CHECK(p[1] == Approx(0.09));  // 2 * 0.04 is below the one before
  CHECK(p[4] == Approx(0.9));
  CHECK(holm_adjusted({0.6, 0.7})[0] == 1);
}

}  // namespace heddle
