#include "train/analysis/geometry/linear_algebra.h"

#include "framework/ops.h"
#include "tests/train/analysis/geometry/points.h"

namespace heddle {
namespace {

/// Pairs of points on both sides of a centre, along axis a at distance reach[a].
Tensor crosses(const std::vector<std::vector<real>>& axes, const std::vector<real>& reach, real centre) {
  const index_t dims = std::ssize(axes[0]);
  Tensor x({2 * std::ssize(axes), dims});
  for (std::size_t a = 0; a < axes.size(); ++a) {
    for (index_t side = 0; side < 2; ++side) {
      for (index_t d = 0; d < dims; ++d)
        x.mutable_data()[(2 * static_cast<index_t>(a) + side) * dims + d] =
            centre + (side == 0 ? reach[a] : -reach[a]) * axes[a][static_cast<std::size_t>(d)];
    }
  }
  return x;
}

double dot(const Tensor& m, index_t a, index_t b) {
  double sum = 0;
  for (index_t d = 0; d < m.size(1); ++d) sum += double{m.data()[a * m.size(1) + d]} * m.data()[b * m.size(1) + d];
  return sum;
}

void require_orthonormal(const Tensor& axes) {
  for (index_t a = 0; a < axes.size(0); ++a) {
    for (index_t b = 0; b < axes.size(0); ++b) REQUIRE(dot(axes, a, b) == Approx(a == b ? 1 : 0).margin(1e-6));
  }
}

void require_close(const Tensor& a, const Tensor& b) {
  REQUIRE(a.shape() == b.shape());
  for (index_t i = 0; i < a.numel(); ++i) REQUIRE(a.data()[i] == Approx(b.data()[i]).margin(1e-4));
}

}  // namespace

TEST_CASE("principal components are the axes along which points were spread, in the order of their variance") {
  const std::vector<std::vector<real>> axes = {{0.6F, 0.8F, 0}, {0, 0, 1}, {-0.8F, 0.6F, 0}};
  const real centre = GENERATE(0.0F, 100.0F);
  const PCA found = pca(crosses(axes, {1, 3, 5}, centre), 3);
  require_close(found.axes, Tensor::from({0.8F, -0.6F, 0, 0, 0, 1, 0.6F, 0.8F, 0}, {3, 3}));  // largest are positive
  require_close(found.points, Tensor::from({0, 0, 1, 0, 0, -1, 0, 3, 0, 0, -3, 0, -5, 0, 0, 5, 0, 0}, {6, 3}));
  CHECK(found.shares[0] == Approx(25.0 / 35).epsilon(1e-5));
  CHECK(found.shares[1] == Approx(9.0 / 35).epsilon(1e-5));
  CHECK(found.shares[2] == Approx(1.0 / 35).epsilon(1e-5));
}

TEST_CASE("fewer points than dimensions have the components that the same points have when repeated") {
  const Tensor few = Tensor::normal({6, 20}, Rng(3));
  Tensor many({24, 20});
  for (index_t i = 0; i < many.numel(); ++i) many.mutable_data()[i] = few.data()[i % few.numel()];
  const PCA a = pca(few, 5), b = pca(many, 5);
  require_orthonormal(a.axes);
  require_close(a.axes, b.axes);
  for (index_t i = 0; i < 30; ++i) REQUIRE(a.points.data()[i] == Approx(b.points.data()[i]).margin(1e-4));
  for (std::size_t c = 0; c < 5; ++c) REQUIRE(a.shares[c] == Approx(b.shares[c]));
}

TEST_CASE("axes are of length 1 and at right angles where points differ in no more directions") {
  const index_t dims = GENERATE(3, 10);
  Tensor line({5, dims});
  for (index_t i = 0; i < line.numel(); ++i) line.mutable_data()[i] = static_cast<real>(i / dims);
  const PCA found = pca(line, 3);
  require_orthonormal(found.axes);
  CHECK(found.shares[0] == Approx(1));
  CHECK(found.shares[1] == Approx(0).margin(1e-9));
  CHECK(found.points.data()[0] == Approx(-2 * std::sqrt(static_cast<double>(dims))));
}

TEST_CASE("principal components are refused where there are none") {
  REQUIRE_THROWS_WITH(pca(Tensor::zeros({6}), 1), Catch::Contains("PCA: points must be"));
  REQUIRE_THROWS_WITH(pca(Tensor::full({6, 3}, 0.1F), 2), Catch::Contains("all 6 points are equal"));
  const Tensor x = Tensor::normal({6, 3}, Rng(3));
  REQUIRE_THROWS_WITH(pca(x, 0), Catch::Contains("1 .. 3 components, not 0"));
  REQUIRE_THROWS_WITH(pca(x, 4), Catch::Contains("1 .. 3 components, not 4"));
  Tensor damaged = x.clone();
  damaged.mutable_data()[17] = std::nanf("");
  REQUIRE_THROWS_WITH(pca(damaged, 2), Catch::Contains("PCA: row 5 holds a value that is not finite"));
  const Tensor huge = Tensor::from({0, 0, 0, 0, 0, 0, 0, 0, 3e38F, 3e38F, 3e38F, 3e38F}, {3, 4});
  REQUIRE_THROWS_WITH(pca(huge, 1), Catch::Contains("projection: row 2 holds a value that is not finite"));
}

TEST_CASE("a random rotation keeps lengths and angles, and is solved for by its transpose") {
  const index_t n = 7;
  const Tensor q = random_rotation(n, Rng(2));
  for (index_t i = 0; i < n; ++i) {
    for (index_t j = 0; j < n; ++j) {
      double dot = 0;
      for (index_t d = 0; d < n; ++d) dot += static_cast<double>(q.data()[i * n + d]) * q.data()[j * n + d];
      REQUIRE(dot == Approx(i == j ? 1 : 0).margin(1e-6));
    }
  }
  const std::vector<double> x = solve_positive({4, 1, 1, 3}, {1, 0, 2, 1}, 2);
  REQUIRE(4 * x[0] + x[2] == Approx(1));
  REQUIRE(x[0] + 3 * x[2] == Approx(2));
  REQUIRE(4 * x[1] + x[3] == Approx(0).margin(1e-12));
  REQUIRE(x[1] + 3 * x[3] == Approx(1));
}

TEST_CASE("a triangular factor keeps products with columns, and with them norms and singular values") {
  for (const Shape& shape : {Shape{9, 4}, Shape{3, 5}}) {
    const Tensor a = Tensor::normal(shape, Rng(1)), r = triangular_factor(a);
    const index_t rows = std::min(shape[0], shape[1]), columns = shape[1];
    REQUIRE(r.shape() == Shape{rows, columns});
    const Tensor at = transpose(a, 0, 1), rt = transpose(r, 0, 1);
    for (index_t i = 0; i < columns; ++i) {
      for (index_t j = 0; j < columns; ++j) REQUIRE(dot(rt, i, j) == Approx(dot(at, i, j)).margin(1e-4));
      for (index_t row = i + 1; row < rows; ++row) REQUIRE(r.data()[row * columns + i] == 0);
    }
    const std::vector<double> of_a = singular_values(a), of_r = singular_values(r);
    REQUIRE(std::ssize(of_a) == rows);
    double squares = 0;
    for (std::size_t i = 0; i < of_a.size(); ++i) {
      REQUIRE(of_a[i] == Approx(of_r[i]).epsilon(1e-5));
      squares += of_a[i] * of_a[i];
      REQUIRE((i == 0 || of_a[i] <= of_a[i - 1]));
    }
    double elements = 0;
    for (index_t i = 0; i < columns; ++i) elements += dot(at, i, i);
    REQUIRE(squares == Approx(elements).epsilon(1e-5));
  }
  REQUIRE(singular_values(Tensor::from({0, -3, 2, 0}, {2, 2})) == std::vector<double>{3, 2});
}

TEST_CASE("eigenvalues are real of a triangle, and come in pairs of a turn") {
  auto values = eigenvalues(Tensor::from({2, 7, 0, -1}, {2, 2}));
  std::sort(values.begin(), values.end(), [](auto a, auto b) { return a.real() < b.real(); });
  REQUIRE(values[0].real() == Approx(-1));
  REQUIRE(values[1].real() == Approx(2));
  REQUIRE(values[1].imag() == 0);
  const auto turn = eigenvalues(Tensor::from({0, -1, 1, 0}, {2, 2}));
  REQUIRE(turn[0].real() == Approx(0).margin(1e-12));
  REQUIRE(std::abs(turn[0].imag()) == Approx(1));
  REQUIRE(turn[1] == std::conj(turn[0]));
}

}  // namespace heddle
