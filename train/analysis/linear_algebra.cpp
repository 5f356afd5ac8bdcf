#include "train/analysis/linear_algebra.h"

#define EIGEN_DONT_PARALLELIZE  // OpenMP is there for oneDNN, and threads are ours
#include <Eigen/Cholesky>
#include <Eigen/Core>
#include <Eigen/QR>

namespace heddle {
namespace {

using Matrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

}  // namespace

std::vector<double> solve_positive(const std::vector<double>& a, const std::vector<double>& b, index_t n) {
  const index_t columns = std::ssize(b) / n;
  const Eigen::Map<const Matrix> left(a.data(), n, n), right(b.data(), n, columns);
  const Matrix x = left.llt().solve(right);
  return {x.data(), x.data() + x.size()};
}

Tensor random_rotation(index_t n, const Rng& rng) {
  Matrix normal(n, n);
  for (index_t i = 0; i < n * n; ++i) normal.data()[i] = rng.normal(static_cast<std::uint64_t>(i));
  const Eigen::HouseholderQR<Matrix> qr(normal);
  Matrix q = qr.householderQ();
  // the signs that make R's diagonal positive, without which some rotations would be likelier
  for (index_t i = 0; i < n; ++i) q.col(i) *= qr.matrixQR()(i, i) < 0 ? -1 : 1;
  Tensor out({n, n});
  for (index_t i = 0; i < n * n; ++i) out.data()[i] = static_cast<real>(q.data()[i]);
  return out;
}

}  // namespace heddle
