#include "train/analysis/geometry/axes.h"

#include <cmath>
#include <limits>

#include "framework/rows.h"

namespace heddle {
namespace {

using Vector = std::vector<double>;

double dot(const Vector& a, const Vector& b) {
  double sum = 0;
  for (std::size_t d = 0; d < a.size(); ++d) sum += a[d] * b[d];
  return sum;
}

/// Differences of length 1: to[i + shift] - from[i], around the end.
std::vector<Vector> differences(const Tensor& from, const Tensor& to, index_t shift) {
  const index_t pairs = from.size(0), width = from.size(1);
  std::vector<Vector> all;
  for (index_t i = 0; i < pairs; ++i) {
    const real *const a = from.data() + i * width, *const b = to.data() + (i + shift) % pairs * width;
    Vector difference(static_cast<std::size_t>(width));
    for (std::size_t d = 0; d < difference.size(); ++d)
      difference[d] = static_cast<double>(b[d]) - static_cast<double>(a[d]);
    const double length = std::sqrt(dot(difference, difference));
    for (double& value : difference) value = length > 0 ? value / length : 0;
    all.push_back(std::move(difference));
  }
  return all;
}

/// Cosine of each with the sum of the others.
std::vector<double> agreements_of(const std::vector<Vector>& all, const Vector& sum) {
  std::vector<double> agreements;
  for (const Vector& one : all) {
    Vector others = sum;
    for (std::size_t d = 0; d < others.size(); ++d) others[d] -= one[d];
    const double length = std::sqrt(dot(others, others));
    agreements.push_back(length > 0 ? dot(one, others) / length : 0);
  }
  return agreements;
}

Vector sum_of(const std::vector<Vector>& all) {
  Vector sum(all[0].size());
  for (const Vector& one : all) {
    for (std::size_t d = 0; d < sum.size(); ++d) sum[d] += one[d];
  }
  return sum;
}

double mean_of(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return sum / static_cast<double>(values.size());
}

}  // namespace

Axis shared_axis(const Tensor& from, const Tensor& to) {
  ensure(from.ndim() == 2 && from.shape() == to.shape() && from.size(0) > 0, "axis: from ", from.shape(), " to ",
         to.shape(), ": wants pairs of vectors, [P, D] each");
  const std::vector<Vector> all = differences(from, to, 0);
  for (std::size_t i = 0; i < all.size(); ++i)
    ensure(dot(all[i], all[i]) > 0, "axis: the two vectors of pair ", i + 1, " are equal; give words that differ");
  const Vector sum = sum_of(all);
  const double length = std::sqrt(dot(sum, sum));
  ensure(length > 1e-9, "axis: the differences of the pairs cancel out; name the words of all pairs in one order");
  Axis axis;
  axis.direction = Tensor({from.size(1)});
  real* const to_direction = axis.direction.mutable_data();
  for (std::size_t d = 0; d < sum.size(); ++d) to_direction[d] = static_cast<real>(sum[d] / length);
  axis.agreement = axis.chance = std::numeric_limits<double>::quiet_NaN();
  if (all.size() == 1) return axis;
  axis.agreements = agreements_of(all, sum);
  axis.agreement = mean_of(axis.agreements);
  const std::vector<Vector> mixed = differences(from, to, 1);
  axis.chance = mean_of(agreements_of(mixed, sum_of(mixed)));
  return axis;
}

}  // namespace heddle
