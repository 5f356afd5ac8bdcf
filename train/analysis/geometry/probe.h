#pragma once

#include <vector>

#include "framework/tensor.h"

namespace heddle {

/// How well a linear classifier tells classes from vectors it was not fitted to.
struct Probe {
  double all = 0;         ///< share right, from all dimensions
  double one = 0;         ///< share right, from the one dimension that tells most among those that it was fitted to
  index_t dimension = 0;  ///< the one that was chosen most often
  double majority = 0;    ///< share right of always saying the most frequent class
};

/// Fits ridge regression of the classes' indicators on the rows of x [N, D], centred, with a penalty of the mean
/// variance of a dimension for each row, to four fifths of the rows, asks for the largest on the other fifth, and so
/// five times round (Alain and Bengio, "Understanding intermediate layers using linear classifier probes", 2016). Each
/// class is dealt out to the fifths in an order that `rng` decides. Errors: as many classes as rows; fewer than two
/// classes; a class of fewer than five rows.
Probe probe_classes(const Tensor& x, const std::vector<int>& classes, const Rng& rng);

}  // namespace heddle
