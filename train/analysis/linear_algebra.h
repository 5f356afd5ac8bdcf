#pragma once

#include <vector>

#include "framework/rng.h"
#include "framework/tensor.h"

namespace heddle {

/// X of A X = B in double, A symmetric and positive definite: a [N, N] and b [N, K], row-major.
std::vector<double> solve_positive(const std::vector<double>& a, const std::vector<double>& b, index_t n);

/// An orthogonal matrix [n, n], every one as likely as any other (Stewart, "The efficient generation of random
/// orthogonal matrices", 1980).
Tensor random_rotation(index_t n, const Rng& rng);

}  // namespace heddle
