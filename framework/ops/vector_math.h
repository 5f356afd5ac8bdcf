#pragma once

#include <bit>
#include <cmath>
#include <cstdint>

#include "framework/tensor.h"

/// exp, tanh, erf and the logistic function for the ops' inner loops. For float they are polynomials without a branch
/// or a call, so that a loop over them vectorizes and gives the same bits wherever in the loop an element stands; for
/// double, which only tests use, the standard library's. Polynomials: Moshier's Cephes library (exp, tanh); erf after
/// Juffa's two-range form.
namespace heddle {

/// e^x, within 2 units in the last place; subnormal results within one of their steps. NaN stays NaN.
inline float exp_of(float x) {
  // e^x = 2^n e^r with n = round(x / ln 2), |r| <= ln(2) / 2. Adding 1.5 * 2^23 leaves n in the sum's lowest bits.
  constexpr float kRound = 12582912.0F;
  x = x < -110.0F ? -110.0F : x;
  x = x > 90.0F ? 90.0F : x;
  const float shifted = x * 1.44269504088896341F + kRound;
  const float n = shifted - kRound;
  const float r = (x - n * 0.693359375F) + n * 2.12194440e-4F;
  float p = 1.9875691500e-4F;
  p = p * r + 1.3981999507e-3F;
  p = p * r + 8.3334519073e-3F;
  p = p * r + 4.1665795894e-2F;
  p = p * r + 1.6666665459e-1F;
  p = p * r + 5.0000001201e-1F;
  p = p * r * r + r + 1.0F;
  // 2^n in two factors, each a normal number, so that subnormal results and infinity come out right
  const std::int32_t whole =
      static_cast<std::int32_t>(std::bit_cast<std::uint32_t>(shifted) - std::bit_cast<std::uint32_t>(kRound));
  const std::int32_t half = whole >> 1;
  const auto power = [](std::int32_t e) { return std::bit_cast<float>(static_cast<std::uint32_t>(e + 127) << 23U); };
  return p * power(half) * power(whole - half);
}
inline double exp_of(double x) { return std::exp(x); }

/// 1 / (1 + e^-x), within 3 units in the last place (of the smallest normal number where smaller, and 0 where e^-x
/// overflows).
template <class T>
inline T sigmoid_of(T x) {
  return 1 / (1 + exp_of(-x));
}

/// tanh(x), within 2 units in the last place.
inline float tanh_of(float x) {
  const float a = std::abs(x), z = x * x;
  float p = -5.70498872745e-3F;
  p = p * z + 2.06390887954e-2F;
  p = p * z - 5.37397155531e-2F;
  p = p * z + 1.33314422036e-1F;
  p = p * z - 3.33332819422e-1F;
  const float near = x + x * z * p;
  const float far = std::copysign(1 - 2 / (exp_of(2 * a) + 1), x);
  return a < 0.625F ? near : far;
}
inline double tanh_of(double x) { return std::tanh(x); }

/// The error function 2 / sqrt(pi) * integral of e^-t^2 from 0 to x, within 2 units in the last place.
inline float erf_of(float x) {
  const float a = std::abs(x), z = x * x;
  float p = -5.96761703e-4F;
  p = p * z + 4.99119423e-3F;
  p = p * z - 2.67681349e-2F;
  p = p * z + 1.12819925e-1F;
  p = p * z - 3.76125336e-1F;
  p = p * z + 1.28379166e-1F;
  const float near = x + x * p;
  float q = -1.72853470e-5F;
  q = q * a + 3.83197126e-4F;
  q = q * a - 3.88396438e-3F;
  q = q * a + 2.42546219e-2F;
  q = q * a - 1.06777877e-1F;
  q = q * a - 6.34846687e-1F;
  q = q * a - 1.28717512e-1F;
  q = q * a - a;
  // the exponent's polynomial is fitted up to 4, where erf is already 1
  const float far = std::copysign(1 - exp_of(a > 4.0F ? -20.0F : q), x);
  return a > 0.927734375F ? far : near;
}
inline double erf_of(double x) { return std::erf(x); }

}  // namespace heddle
