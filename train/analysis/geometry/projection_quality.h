#pragma once

#include "framework/tensor.h"

namespace heddle {

/// How much of the neighbourhoods of points a projection keeps; 1 is all.
struct ProjectionQuality {
  /// T(k) = 1 - 2 / (N k (2 N - 3 k - 1)) * sum over i and over those of its k nearest in y that are not among its k
  /// nearest in x of (r - k), r being their rank by distance from i in x, 1 for the nearest (Venna & Kaski,
  /// "Neighborhood preservation in nonlinear projection methods", 2001).
  double trustworthiness;
  /// Mean share of a point's k nearest in x that are among its k nearest in y.
  double preserved;
};

/// Of y [N, E] as a projection of x [N, D], with k neighbours, by the distances of all pairs; of equally distant points
/// the first is nearer. Memory is linear in N. Errors: x or y as for check_points; different N; k is not within
/// 1 .. (N - 1) / 2.
ProjectionQuality projection_quality(const Tensor& x, const Tensor& y, index_t k);

}  // namespace heddle
