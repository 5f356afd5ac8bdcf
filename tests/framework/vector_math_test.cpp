#include "framework/ops/vector_math.h"

#include <catch2/catch.hpp>
#include <limits>
#include <vector>

namespace heddle {
namespace {

/// Largest error of f over [low, high], in units of the last place of the true value (of the smallest normal number
/// where it is smaller).
template <class F, class Truth>
double worst_error(float low, float high, const F& f, const Truth& truth) {
  constexpr int kPoints = 200000;
  double worst = 0;
  for (int i = 0; i <= kPoints; ++i) {
    const float x = low + (high - low) * static_cast<float>(i) / kPoints;
    const double wanted = truth(static_cast<double>(x));
    const float size = std::max(std::abs(static_cast<float>(wanted)), std::numeric_limits<float>::min());
    const double unit =
        static_cast<double>(std::nextafter(size, std::numeric_limits<float>::infinity())) - static_cast<double>(size);
    const double error = std::abs(static_cast<double>(f(x)) - wanted) / unit;
    if (!(error <= worst)) worst = error;  // a NaN, too
    if (std::isnan(worst)) break;
  }
  return worst;
}

constexpr float kInf = std::numeric_limits<float>::infinity();

}  // namespace

TEST_CASE("exp, tanh, erf and the logistic function keep the error that they state") {
  const auto exp_float = [](float x) { return exp_of(x); };
  const auto tanh_float = [](float x) { return tanh_of(x); };
  const auto erf_float = [](float x) { return erf_of(x); };
  const auto sigmoid_float = [](float x) { return sigmoid_of(x); };
  const auto sigmoid_true = [](double x) { return 1 / (1 + std::exp(-x)); };
  for (const float reach : {0.01F, 1.0F, 10.0F, 87.0F}) {
    CHECK(worst_error(-reach, reach, exp_float, [](double x) { return std::exp(x); }) < 2);
    CHECK(worst_error(-reach, reach, tanh_float, [](double x) { return std::tanh(x); }) < 2);
    CHECK(worst_error(-reach, reach, erf_float, [](double x) { return std::erf(x); }) < 2);
    CHECK(worst_error(-reach, reach, sigmoid_float, sigmoid_true) < 3);
  }
  CHECK(worst_error(-110, -80, exp_float, [](double x) { return std::exp(x); }) < 2);
}

TEST_CASE("their limits and NaN come out as they should") {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  CHECK(exp_of(kInf) == kInf);
  CHECK(exp_of(200.0F) == kInf);
  CHECK(exp_of(-kInf) == 0);
  CHECK(exp_of(-200.0F) == 0);
  CHECK(exp_of(0.0F) == 1);
  CHECK(tanh_of(kInf) == 1);
  CHECK(tanh_of(-kInf) == -1);
  CHECK(erf_of(kInf) == 1);
  CHECK(erf_of(-50.0F) == -1);
  CHECK(sigmoid_of(-kInf) == 0);
  CHECK(sigmoid_of(kInf) == 1);
  CHECK(std::isnan(exp_of(nan)));
  CHECK(std::isnan(tanh_of(nan)));
  CHECK(std::isnan(erf_of(nan)));
  CHECK(std::isnan(sigmoid_of(nan)));
}

TEST_CASE("an element has the same bits wherever it stands in a loop") {
  const auto check = [](const auto& f) {
    std::vector<float> x(67), y(67);
    for (std::size_t i = 0; i < x.size(); ++i) x[i] = -3 + static_cast<float>(i) * 0.09F;
    for (std::size_t begin = 0; begin < 17; ++begin) {
      for (std::size_t i = begin; i < y.size(); ++i)
        y[i] = f(x[i]);  // vectorized with a tail of another length each time
      for (std::size_t i = begin; i < y.size(); ++i) {
        const volatile float alone = x[i];
        REQUIRE(y[i] == f(alone));
      }
    }
  };
  check([](float v) { return exp_of(v); });
  check([](float v) { return tanh_of(v); });
  check([](float v) { return erf_of(v); });
}

}  // namespace heddle
