#include "train/analysis/space/cloud.h"

#include "tests/golden/golden.h"
#include "tests/train/analysis/geometry/points.h"
#include "train/analysis/geometry/linear_algebra.h"

namespace heddle {
namespace {

/// x with every dimension d times scales[d], and plus `shift`.
Tensor scaled(Tensor x, const std::vector<double>& scales, double shift = 0) {
  real* const values = x.mutable_data();
  for (index_t i = 0; i < x.numel(); ++i)
    values[i] = static_cast<real>(values[i] * scales[static_cast<std::size_t>(i % x.size(1))] + shift);
  return x;
}

}  // namespace

TEST_CASE("cosines, norms, participation ratio and the first singular share are NumPy's and scikit-learn's") {
  const Golden golden("space.txt");
  int cases = 0;
  for (; golden.contains(std::to_string(cases) + "/x"); ++cases) {
    const std::string name = std::to_string(cases) + '/';
    INFO(name);
    const Tensor x = golden.tensor(name + "x");
    const auto wanted = [&](const char* figure) { return golden.values(name + figure)[0]; };
    CHECK(mean_cosine(x) == Approx(wanted("cosine")).epsilon(1e-9));
    CHECK(mean_cosine(without_dimensions(x, dominant_dimensions(x, 3))) ==
          Approx(wanted("cosine_without")).epsilon(1e-9));
    CHECK(participation_ratio(x) == Approx(wanted("participation")).epsilon(1e-5));
    CHECK(norms(x).mean == Approx(wanted("norms")).epsilon(1e-9));
    CHECK(norms(x).deviation == Approx(golden.values(name + "norms")[1]).epsilon(1e-9));
    CHECK(first_singular_share(x) == Approx(wanted("first_share")).epsilon(1e-9));
  }
  CHECK(cases == 4);
}

TEST_CASE("vectors in all directions alike have cosines around 0 and vary along all dimensions") {
  const Tensor x = Tensor::normal({4000, 20}, Rng(5));
  CHECK(std::abs(mean_cosine(x)) < 1e-3);
  CHECK(participation_ratio(x) == Approx(20).epsilon(0.02));
  CHECK(mean_cosine(scaled(x, std::vector<double>(20, 1e-4))) == Approx(mean_cosine(x)).epsilon(1e-3));
}

TEST_CASE("vectors along one direction have cosines of 1 and one dimension, and may point both ways") {
  Tensor line({100, 8}), both({100, 8});
  for (index_t i = 0; i < line.numel(); ++i) {
    line.mutable_data()[i] = static_cast<real>((1 + i / 8) * (1 + i % 8));
    both.mutable_data()[i] = (i / 8 % 2 == 0 ? -1 : 1) * line.data()[i];
  }
  CHECK(mean_cosine(line) == Approx(1));
  CHECK(mean_cosine(both) == Approx(-1.0 / 99));
  CHECK(participation_ratio(line) == Approx(1));
  CHECK(participation_ratio(both) == Approx(1));
}

TEST_CASE("the participation ratio of a known spectrum is what it says, wherever the points lie") {
  // crosses along the axes: the variances are those of the spectrum, without chance
  const std::vector<double> spectrum = {9, 4, 1, 1};
  for (const double shift : {0.0, 50.0}) {
    Tensor x = Tensor::zeros({8, 4});
    for (index_t d = 0; d < 4; ++d) {
      const double reach = std::sqrt(spectrum[static_cast<std::size_t>(d)]);
      x.mutable_data()[2 * d * 4 + d] = static_cast<real>(reach);
      x.mutable_data()[(2 * d + 1) * 4 + d] = static_cast<real>(-reach);
    }
    CHECK(participation_ratio(scaled(x, {1, 1, 1, 1}, shift)) == Approx(15.0 * 15 / (81 + 16 + 1 + 1)).epsilon(1e-4));
  }
  CHECK(std::isnan(participation_ratio(Tensor::full({5, 3}, 2))));
}

TEST_CASE("a few dimensions that are large everywhere make all vectors alike, until they are left out") {
  Tensor x = Tensor::normal({2000, 32}, Rng(9));
  for (index_t i = 0; i < 2000; ++i) {
    x.mutable_data()[i * 32 + 7] += 30;
    x.mutable_data()[i * 32 + 20] -= 50;
    x.mutable_data()[i * 32 + 31] += 20;
  }
  CHECK(mean_cosine(x) > 0.95);
  const std::vector<index_t> dominant = dominant_dimensions(x, 3);
  CHECK(dominant == std::vector<index_t>{20, 7, 31});
  CHECK(std::abs(mean_cosine(without_dimensions(x, dominant))) < 0.01);
  CHECK(mean_cosine(without_dimensions(x, {20, 7})) > 0.8);
  CHECK(dominant_dimensions(Tensor::full({3, 4}, 1), 2) == std::vector<index_t>{0, 1});
  CHECK_THROWS_AS(dominant_dimensions(x, 33), Error);
}

TEST_CASE("vectors of zeros have no direction and are left out of cosines") {
  Tensor x = Tensor::from({1, 0, 0, 0, 1, 0, 0, 0, 1, 1}, {5, 2});
  CHECK(mean_cosine(x) == Approx((1 + 2 / std::sqrt(2.0)) / 3));
  CHECK(norms(x).mean == Approx((2 + std::sqrt(2.0)) / 5));
  CHECK(std::isnan(mean_cosine(Tensor::zeros({5, 2}))));
  CHECK(std::isnan(first_singular_share(Tensor::zeros({5, 2}))));
}

}  // namespace heddle
