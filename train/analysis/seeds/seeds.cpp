#include "train/analysis/seeds/seeds.h"

#include <algorithm>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <limits>
#include <numeric>

namespace heddle {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

}  // namespace

SeedSummary summary_of(const std::vector<double>& figures) {
  SeedSummary out{std::ssize(figures), kNone, kNone, kNone, kNone};
  if (figures.empty()) return out;
  const auto count = static_cast<double>(figures.size());
  out.mean = std::accumulate(figures.begin(), figures.end(), 0.0) / count;
  if (figures.size() < 2) return out;
  double squares = 0;
  for (const double figure : figures) squares += (figure - out.mean) * (figure - out.mean);
  out.deviation = std::sqrt(squares / (count - 1));
  const double t = boost::math::quantile(boost::math::students_t(count - 1), 0.975);
  const double reach = t * out.deviation / std::sqrt(count);
  out.low = out.mean - reach;
  out.high = out.mean + reach;
  return out;
}

double welch_p(const SeedSummary& one, const SeedSummary& other) {
  if (one.count < 2 || other.count < 2) return kNone;
  const auto of_mean = [](const SeedSummary& s) { return s.deviation * s.deviation / static_cast<double>(s.count); };
  const double a = of_mean(one), b = of_mean(other), difference = std::abs(one.mean - other.mean);
  if (a + b == 0) return difference == 0 ? 1 : 0;
  const double freedom =
      (a + b) * (a + b) / (a * a / static_cast<double>(one.count - 1) + b * b / static_cast<double>(other.count - 1));
  const boost::math::students_t t(freedom);
  return 2 * boost::math::cdf(boost::math::complement(t, difference / std::sqrt(a + b)));
}

std::vector<double> holm_adjusted(const std::vector<double>& p) {
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < p.size(); ++i) {
    if (!std::isnan(p[i])) order.push_back(i);
  }
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return p[a] < p[b]; });
  std::vector<double> adjusted = p;
  double most = 0;
  for (std::size_t rank = 0; rank < order.size(); ++rank) {
    most = std::max(most, std::min(1.0, p[order[rank]] * static_cast<double>(order.size() - rank)));
    adjusted[order[rank]] = most;
  }
  return adjusted;
}

}  // namespace heddle
