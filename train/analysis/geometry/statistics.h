#pragma once

#include <span>
#include <vector>

#include "framework/parallel.h"

namespace heddle {

/// Where a measured number lies with a confidence of 95 %.
struct Interval {
  double low = 0, high = 0;
};

/// The interval of the share `right` of `asked` (Wilson, "Probable Inference", 1927); 0 .. 1 where nothing was asked.
Interval wilson_interval(index_t right, index_t asked);

/// The place of each value in rising order, from 1; equal values share the mean of their places.
std::vector<double> mean_ranks(std::span<const double> values);

/// Spearman's rank correlation: Pearson's correlation of the mean ranks of x and y, which makes equal values count for
/// what they tell. Errors: x and y differ in size, or all values of one are equal, as one value alone is.
double spearman(std::span<const double> x, std::span<const double> y);

/// The interval of a rank correlation of n pairs: tanh(atanh(rho) -+ 1.96 sqrt(1.06 / (n - 3))) (Fieller, Hartley &
/// Pearson, "Tests for Rank Correlation Coefficients", 1957); -1 .. 1 of three pairs or fewer.
Interval spearman_interval(double rho, index_t n);

}  // namespace heddle
