#include "train/analysis/geometry/statistics.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "framework/check.h"

namespace heddle {
namespace {

constexpr double kNormal95 = 1.959963984540054;  // 95 % of a normal lie within so many standard deviations

}  // namespace

Interval wilson_interval(index_t right, index_t asked) {
  const auto n = static_cast<double>(asked);
  const double p = static_cast<double>(right) / n, z2 = kNormal95 * kNormal95;
  const double middle = p + z2 / (2 * n), half = kNormal95 * std::sqrt(p * (1 - p) / n + z2 / (4 * n * n));
  // none right is 0 and all right is 1, without what rounding leaves; none asked is both
  return {right == 0 ? 0 : (middle - half) / (1 + z2 / n), right == asked ? 1 : (middle + half) / (1 + z2 / n)};
}

std::vector<double> mean_ranks(std::span<const double> values) {
  std::vector<std::size_t> order(values.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return values[a] < values[b]; });
  std::vector<double> ranks(values.size());
  for (std::size_t begin = 0, end = 0; begin < order.size(); begin = end) {
    while (end < order.size() && values[order[end]] == values[order[begin]]) ++end;
    const double mean = static_cast<double>(begin + 1 + end) / 2;  // of the places begin + 1 .. end
    for (std::size_t i = begin; i < end; ++i) ranks[order[i]] = mean;
  }
  return ranks;
}

double spearman(std::span<const double> x, std::span<const double> y) {
  ensure(x.size() == y.size(), "rank correlation: ", x.size(), " values and ", y.size(), " cannot be paired");
  const std::vector<double> p = mean_ranks(x), q = mean_ranks(y);
  const double mean = static_cast<double>(x.size() + 1) / 2;
  double xx = 0, xy = 0, yy = 0;
  for (std::size_t i = 0; i < p.size(); ++i) {
    xx += (p[i] - mean) * (p[i] - mean);
    xy += (p[i] - mean) * (q[i] - mean);
    yy += (q[i] - mean) * (q[i] - mean);
  }
  ensure(xx > 0 && yy > 0, "rank correlation: all ", x.size(), " values of one side are equal, so there is none");
  return std::clamp(xy / std::sqrt(xx * yy), -1.0, 1.0);
}

Interval spearman_interval(double rho, index_t n) {
  if (n <= 3) return {-1, 1};
  const double half = kNormal95 * std::sqrt(1.06 / static_cast<double>(n - 3));
  return {std::tanh(std::atanh(rho) - half), std::tanh(std::atanh(rho) + half)};
}

}  // namespace heddle
