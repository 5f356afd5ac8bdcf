#pragma once

#include <complex>
#include <vector>

#include "framework/rng.h"
#include "framework/tensor.h"

namespace heddle {

/// The directions in which points differ most.
struct PCA {
  Tensor points;               ///< [N, components]: (x - mean) axes^T
  Tensor axes;                 ///< [components, D], orthonormal
  std::vector<double> shares;  ///< of the whole variance, falling
};

/// Principal components of x [N, D], in double. The largest absolute coordinate of each axis is positive, which makes
/// the signs of all the same everywhere. Errors: x as for check_points; components not within 1 .. min(N, D); all
/// points equal; coordinates of the projection too large for `real`.
PCA pca(const Tensor& x, index_t components);

/// The share of the squares of x [N, D] that lies along its first singular direction: s_1^2 / sum of s_i^2, in double.
/// NaN where all are 0.
double first_singular_share(const Tensor& x);

/// X of A X = B in double, A symmetric and positive definite: a [N, N] and b [N, K], row-major.
std::vector<double> solve_positive(const std::vector<double>& a, const std::vector<double>& b, index_t n);

/// R [min(M, N), N], upper triangular, of a [M, N] = Q R with orthonormal columns of Q: so R B has the singular values
/// and the norm of a B.
Tensor triangular_factor(const Tensor& a);

/// The min(M, N) singular values of a [M, N], falling, in double.
std::vector<double> singular_values(const Tensor& a);

/// The eigenvalues of a [N, N], in double and in no order.
std::vector<std::complex<double>> eigenvalues(const Tensor& a);

/// An orthogonal matrix [n, n], every one as likely as any other (Stewart, "The efficient generation of random
/// orthogonal matrices", 1980).
Tensor random_rotation(index_t n, const Rng& rng);

}  // namespace heddle
