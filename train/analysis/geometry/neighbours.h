#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "framework/tensor.h"

namespace heddle {

/// Errors, naming `what` is done: x is not [N, D] with at least one row and one column, N is 2^31 or more, or a value
/// is not finite (its row is named).
void check_points(const char* what, const Tensor& x);

/// Calls visit(i, d) for every row i of x [N, D], in parallel, with d[j] = |x_i - x_j|^2. Differences are squared and
/// summed in double, so points far from the origin lose no digits, and equal distances are equal bits wherever doubles
/// are exact. d[i] is infinite, as no point is its own neighbour; visit may overwrite d.
void for_distances(const Tensor& x, const std::function<void(index_t row, std::span<double> squared)>& visit);

/// The `count` points nearest to each of N, the nearest first.
struct Neighbours {
  index_t count = 0;
  std::vector<std::int32_t> ids;  ///< [N, count]
  std::vector<double> squared;    ///< [N, count]: squared distances
};
/// By Euclidean distance between all pairs of rows of x [N, D]; of equally distant points the first comes first.
/// Errors: count is not within 1 .. N - 1.
Neighbours nearest_neighbours(const Tensor& x, index_t count);

}  // namespace heddle
