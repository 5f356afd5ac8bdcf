#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "framework/keys.h"
#include "framework/rng.h"
#include "framework/tensor.h"

namespace heddle {

/// How the next token is chosen from a model's scores.
struct SamplingConfig {
  double temperature = 0.8, top_p = 1;
  std::int64_t top_k = 0, seed = 1;

  std::vector<Key> keys();
};

/// A token drawn from softmax(logits / temperature), of the top_k likeliest tokens only (0: all), and of those only the
/// fewest whose probabilities together reach top_p (Holtzman et al., "The Curious Case of Neural Text Degeneration",
/// 2020). Temperature 0 takes the likeliest, the first of equals. Random number `index` of rng decides.
/// Errors: a score that is NaN, or none that is finite.
std::int32_t sample(std::span<const real> logits, const SamplingConfig& config, const Rng& rng, std::uint64_t index);

}  // namespace heddle
