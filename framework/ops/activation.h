#pragma once

#include <numbers>

#include "framework/ops.h"
#include "framework/ops/vector_math.h"

/// The nonlinear functions of a neuron and their slopes, for the ops that apply them alone and beside a product.
namespace heddle {

struct Relu {
  // NaN stays NaN: it must be seen, not turned into 0
  static real value(real v) { return v < 0 ? real{0} : v; }
  static real slope(real v) { return v > 0 ? real{1} : real{0}; }
};

struct ReluSquared {
  static real value(real v) { return v < 0 ? real{0} : v * v; }
  static real slope(real v) { return v > 0 ? 2 * v : real{0}; }
};

struct Gelu {
  static constexpr auto kRootHalf = static_cast<real>(1 / std::numbers::sqrt2);
  static constexpr auto kDensity = static_cast<real>(std::numbers::inv_sqrtpi / std::numbers::sqrt2);  // 1/sqrt(2 pi)
  static real value(real v) { return real{0.5} * v * (1 + erf_of(v * kRootHalf)); }
  static real slope(real v) {
    return real{0.5} * (1 + erf_of(v * kRootHalf)) + v * kDensity * exp_of(real{-0.5} * v * v);
  }
};

struct GeluTanh {
  static constexpr auto kScale = static_cast<real>(std::numbers::sqrt2 * std::numbers::inv_sqrtpi);  // sqrt(2 / pi)
  static constexpr auto kCubic = static_cast<real>(0.044715);
  static real value(real v) { return real{0.5} * v * (1 + tanh_of(kScale * (v + kCubic * v * v * v))); }
  static real slope(real v) {
    const real t = tanh_of(kScale * (v + kCubic * v * v * v));
    return real{0.5} * (1 + t) + real{0.5} * v * (1 - t * t) * kScale * (1 + 3 * kCubic * v * v);
  }
};

struct Silu {
  static real value(real v) { return v * sigmoid_of(v); }
  static real slope(real v) {
    const real s = sigmoid_of(v);
    return s * (1 + v * (1 - s));
  }
};

/// Calls f with the functions of an elementwise activation.
template <class F>
void with_functions(Activation activation, const F& f) {
  switch (activation) {
    case Activation::relu: return f(Relu());
    case Activation::relu_squared: return f(ReluSquared());
    case Activation::gelu: return f(Gelu());
    case Activation::gelu_tanh: return f(GeluTanh());
    case Activation::silu:
    case Activation::swiglu:  // of the gates
      return f(Silu());
    case Activation::none: return;
  }
}

}  // namespace heddle
