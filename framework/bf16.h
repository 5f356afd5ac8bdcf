#pragma once

#include <bit>
#include <cstdint>

namespace heddle {

/// A float of 8 bits of mantissa: the upper half of an IEEE single (Kalamkar et al., "A Study of BFLOAT16 for Deep
/// Learning Training", 2019).
using bf16_t = std::uint16_t;

/// The nearest bf16, ties to even; NaN stays NaN.
inline bf16_t to_bf16(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  const std::uint32_t rounded = (bits + 0x7FFFU + ((bits >> 16U) & 1U)) >> 16U;
  return static_cast<bf16_t>(value != value ? (bits >> 16U) | 0x40U : rounded);
}
inline bf16_t to_bf16(double value) { return to_bf16(static_cast<float>(value)); }

inline float from_bf16(bf16_t value) { return std::bit_cast<float>(std::uint32_t{value} << 16U); }

}  // namespace heddle
