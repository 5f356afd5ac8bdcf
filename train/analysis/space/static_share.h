#pragma once

#include <cstdint>
#include <span>

#include "framework/rng.h"
#include "framework/tensor.h"

namespace heddle {

/// How much of a token's vectors one static vector could tell: the share of the squares of its occurrences that lies
/// along their first singular direction (maximum explainable variance, Ethayarajh, 2019), a mean over tokens. 1 where
/// all occurrences of each lie on a line through the origin.
struct StaticShare {
  double share = 0, chance = 0;  ///< chance: of as many vectors from anywhere; both NaN where no token tells
};
/// Of the rows of x [N, D], which stand at tokens `ids` [N]. Up to 64 tokens are taken by chance of those that occur at
/// least ten times, and the first 64 occurrences of each.
StaticShare static_share(const Tensor& x, std::span<const std::int32_t> ids, const Rng& rng);

}  // namespace heddle
