#pragma once

#include <cmath>

#include "framework/rng.h"
#include "framework/tensor.h"

namespace heddle {

/// out[i] = in[i] / (1 - p) with probability 1 - p, else 0, for n elements; element i is decided by random number
/// first + i, so forward and backward agree without keeping a mask. `in` and `out` may be the same.
inline void drop_elements(const Rng& rng, double p, index_t first, index_t n, const real* in, real* out) {
  const auto threshold = static_cast<std::uint64_t>(std::ldexp(p, 32));  // 32 random bits below it: dropped
  const auto scale = static_cast<real>(1 / (1 - p));
  for (index_t i = 0; i < n;) {
    const index_t number = first + i;
    const auto bits = rng.block(static_cast<std::uint64_t>(number / 4));  // four numbers come at once
    for (auto lane = static_cast<std::size_t>(number % 4); lane < 4 && i < n; ++lane, ++i) {
      out[i] = bits[lane] >= threshold ? in[i] * scale : real{0};
    }
  }
}

}  // namespace heddle
