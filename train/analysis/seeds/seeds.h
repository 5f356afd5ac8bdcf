#pragma once

#include <cstdint>
#include <vector>

namespace heddle {

/// Figures of runs that differ by their seeds alone.
struct SeedSummary {
  std::int64_t count = 0;
  double mean = 0;
  double deviation = 0;      ///< standard deviation, of n - 1; NaN with fewer than two
  double low = 0, high = 0;  ///< 95 % interval of the mean, by Student's t of n - 1; NaN with fewer than two
};
/// NaN throughout where there are none.
SeedSummary summary_of(const std::vector<double>& figures);

/// How likely means at least so far apart are where the two come from one distribution: Welch's t-test, two-sided
/// (Welch, 1947), its degrees of freedom by Satterthwaite. NaN where one has fewer than two figures; without any spread
/// 1 for the same mean, else 0.
double welch_p(const SeedSummary& one, const SeedSummary& other);

/// Several such probabilities, each raised so that together they err no more often than one would (Holm, 1979). NaN
/// stays, and counts as none.
std::vector<double> holm_adjusted(const std::vector<double>& p);

}  // namespace heddle
