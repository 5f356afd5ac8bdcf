#include "train/analysis/geometry/linear_algebra.h"

#define EIGEN_DONT_PARALLELIZE  // OpenMP is there for oneDNN, and threads are ours
#include <Eigen/Cholesky>
#include <Eigen/Core>
#include <Eigen/Eigenvalues>
#include <Eigen/QR>
#include <Eigen/SVD>
#include <algorithm>
#include <cmath>

#include "train/analysis/geometry/neighbours.h"

namespace heddle {
namespace {

using Matrix = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

Matrix matrix_of(const Tensor& x) {
  using Rows = Eigen::Matrix<real, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  return Eigen::Map<const Rows>(x.data(), x.size(0), x.size(1)).cast<double>();
}

/// The smaller of X^T X and X X^T, its lower half alone: both have the squares of X's singular values as eigenvalues.
Matrix smaller_products(const Matrix& x) {
  const Eigen::Index size = std::min(x.rows(), x.cols());
  Matrix products = Matrix::Zero(size, size);
  if (x.rows() < x.cols()) {
    products.selfadjointView<Eigen::Lower>().rankUpdate(x);
  } else {
    products.selfadjointView<Eigen::Lower>().rankUpdate(x.transpose());
  }
  return products;
}

Tensor tensor_of(const Matrix& matrix) {
  Tensor out({matrix.rows(), matrix.cols()});
  std::transform(matrix.data(), matrix.data() + matrix.size(), out.mutable_data(),
                 [](double v) { return static_cast<real>(v); });
  return out;
}

}  // namespace

PCA pca(const Tensor& x, index_t components) {
  check_points("PCA", x);
  const index_t n = x.size(0), dims = x.size(1);
  ensure(components >= 1 && components <= std::min(n, dims), "PCA: ", n, " points of ", dims, " dimensions have 1 .. ",
         std::min(n, dims), " components, not ", components);
  Matrix centred = matrix_of(x);
  centred.rowwise() -= centred.colwise().mean().eval();
  const double variance = centred.squaredNorm();
  ensure(variance > 0, "PCA: all ", n, " points are equal, and differ in no direction");

  // X^T X has the axes as eigenvectors. With fewer points than dimensions X X^T is the smaller one, whose eigenvectors
  // times X point along the axes; QR gives them length 1, and a direction where X has none left.
  const bool wide = n < dims;
  const Matrix products = smaller_products(centred);
  const Eigen::SelfAdjointEigenSolver<Matrix> solver(products);
  ensure(solver.info() == Eigen::Success, "PCA: the eigenvalues of ", n, " points of ", dims,
         " dimensions were not found; are values far too large or too small?");
  Matrix axes = solver.eigenvectors().rightCols(components).rowwise().reverse();  // [D or N, components]
  if (wide) {
    const Eigen::HouseholderQR<Matrix> qr(centred.transpose() * axes);
    axes = qr.householderQ() * Matrix::Identity(dims, components);
  }
  PCA result;
  for (index_t c = 0; c < components; ++c) {
    index_t largest = 0;
    axes.col(c).cwiseAbs().maxCoeff(&largest);
    if (axes(largest, c) < 0) axes.col(c) *= -1;
    result.shares.push_back(std::max(solver.eigenvalues()[products.rows() - 1 - c], 0.0) / variance);
  }
  result.points = tensor_of(centred * axes);
  check_points("PCA's projection", result.points);
  result.axes = tensor_of(axes.transpose());
  return result;
}

double first_singular_share(const Tensor& x) {
  const Matrix values = matrix_of(x);
  const Eigen::SelfAdjointEigenSolver<Matrix> solver(smaller_products(values), Eigen::EigenvaluesOnly);
  return solver.eigenvalues().tail<1>()[0] / values.squaredNorm();
}

std::vector<double> solve_positive(const std::vector<double>& a, const std::vector<double>& b, index_t n) {
  const index_t columns = std::ssize(b) / n;
  const Eigen::Map<const Matrix> left(a.data(), n, n), right(b.data(), n, columns);
  const Matrix x = left.llt().solve(right);
  return {x.data(), x.data() + x.size()};
}

Tensor triangular_factor(const Tensor& a) {
  const Eigen::HouseholderQR<Matrix> qr(matrix_of(a));
  const Matrix upper = qr.matrixQR().topRows(std::min(a.size(0), a.size(1))).triangularView<Eigen::Upper>();
  return tensor_of(upper);
}

std::vector<double> singular_values(const Tensor& a) {
  const Eigen::JacobiSVD<Matrix> svd(matrix_of(a));
  return {svd.singularValues().begin(), svd.singularValues().end()};
}

std::vector<std::complex<double>> eigenvalues(const Tensor& a) {
  const Eigen::EigenSolver<Matrix> solver(matrix_of(a), false);
  ensure(solver.info() == Eigen::Success, "eigenvalues of a matrix ", a.shape(),
         " were not found; are values far too large or too small?");
  return {solver.eigenvalues().begin(), solver.eigenvalues().end()};
}

Tensor random_rotation(index_t n, const Rng& rng) {
  Matrix normal(n, n);
  for (index_t i = 0; i < n * n; ++i) normal.data()[i] = rng.normal(static_cast<std::uint64_t>(i));
  const Eigen::HouseholderQR<Matrix> qr(normal);
  Matrix q = qr.householderQ();
  // the signs that make R's diagonal positive, without which some rotations would be likelier
  for (index_t i = 0; i < n; ++i) q.col(i) *= qr.matrixQR()(i, i) < 0 ? -1 : 1;
  return tensor_of(q);
}

}  // namespace heddle
