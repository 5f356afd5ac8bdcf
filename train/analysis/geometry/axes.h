#pragma once

#include <vector>

#include "framework/tensor.h"

namespace heddle {

/// The direction that the differences of pairs of vectors share.
struct Axis {
  Tensor direction;                ///< [D], of length 1: the mean of the differences, each of length 1
  std::vector<double> agreements;  ///< of each pair: cosine of its difference with the mean of the others'
  double agreement = 0;            ///< their mean; NaN for a single pair
  double chance = 0;               ///< the same where each first word is paired with the next pair's second word
};

/// The axis from rows of `from` to those of `to` [P, D]. Errors: no pair, a pair of equal vectors, differences that
/// cancel out.
Axis shared_axis(const Tensor& from, const Tensor& to);

}  // namespace heddle
