#pragma once

#include <algorithm>
#include <cmath>

#include "framework/rng.h"
#include "framework/tensor.h"

namespace heddle {

/// out[i] = in[i] / (1 - p) with probability 1 - p (to a multiple of 2^-16), else 0, for n elements. What becomes of
/// element i depends on first + i alone, so forward and backward agree without keeping a mask. `in` and `out` may be
/// the same.
inline void drop_elements(const Rng& rng, double p, index_t first, index_t n, const real* in, real* out) {
  // Numbers come 128 at a time, as the halves of 64 words.
  constexpr index_t kChunk = 128;
  const auto threshold = static_cast<std::uint32_t>(std::lround(std::ldexp(p, 16)));  // below it: dropped
  const auto scale = static_cast<real>(1 / (1 - p));
  Rng::Blocks words;
  real factors[kChunk];
  for (index_t i = 0; i < n;) {
    const index_t chunk = (first + i) / kChunk, begin = (first + i) % kChunk, count = std::min(n - i, kChunk - begin);
    rng.blocks(static_cast<std::uint64_t>(chunk) * 16, words);
    for (std::size_t w = 0; w < 4; ++w) {
      for (std::size_t j = 0; j < 16; ++j) {
        factors[w * 32 + j] = (words[w][j] & 0xFFFFU) >= threshold ? scale : real{0};
        factors[w * 32 + 16 + j] = (words[w][j] >> 16U) >= threshold ? scale : real{0};
      }
    }
    // a choice, not a product, so that a dropped infinity is 0
    for (index_t j = 0; j < count; ++j) {
      const real factor = factors[begin + j];
      out[i + j] = factor != 0 ? in[i + j] * factor : real{0};
    }
    i += count;
  }
}

}  // namespace heddle
