#include "train/decode/sampling.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace heddle {

std::vector<Key> SamplingConfig::keys() {
  return {
      {"temperature", temperature, "below 1 safer, above 1 wilder; 0: always the likeliest token", 0.0, 100.0},
      {"top_k", top_k, "choose among this many likeliest tokens; 0: all", 0},
      {"top_p", top_p, "choose among the fewest tokens that together are this probable", 1e-9, 1.0},
      {"seed", seed, "the same seed gives the same text", 0},
  };
}

std::int32_t sample(std::span<const real> logits, const SamplingConfig& config, const Rng& rng, std::uint64_t index) {
  ensure(std::none_of(logits.begin(), logits.end(), [](real v) { return std::isnan(v); }),
         "sample: a score is not a number");
  const auto best = std::max_element(logits.begin(), logits.end());
  ensure(best != logits.end() && std::isfinite(*best), "sample: no score is finite");
  const double top = *best;
  if (config.temperature == 0) return static_cast<std::int32_t>(best - logits.begin());

  // Candidates, the likeliest first; of equals the smaller id, so that the order is the same everywhere.
  std::vector<std::int32_t> ids(logits.size());
  std::iota(ids.begin(), ids.end(), 0);
  const bool cut = config.top_p < 1 || (config.top_k > 0 && config.top_k < static_cast<std::int64_t>(ids.size()));
  const auto score = [&](std::int32_t id) { return logits[static_cast<std::size_t>(id)]; };
  if (cut) {
    std::sort(ids.begin(), ids.end(),
              [&](auto a, auto b) { return score(a) != score(b) ? score(a) > score(b) : a < b; });
    if (config.top_k > 0) ids.resize(std::min(ids.size(), static_cast<std::size_t>(config.top_k)));
  }
  std::vector<double> weights(ids.size());
  double total = 0;
  for (std::size_t i = 0; i < ids.size(); ++i)
    total += weights[i] = std::exp((score(ids[i]) - top) / config.temperature);
  if (config.top_p < 1) {
    double reached = 0;
    std::size_t count = 0;
    while (count < ids.size() && reached < config.top_p * total) reached += weights[count++];
    ids.resize(count);
    total = reached;
  }
  double left = rng.uniform(index) * total;
  for (std::size_t i = 0; i + 1 < ids.size(); ++i) {
    left -= weights[i];
    if (left < 0) return ids[i];
  }
  // rounding may leave a remainder: the last candidate that can be drawn takes it
  std::size_t last = ids.size() - 1;
  while (last > 0 && weights[last] == 0) --last;
  return ids[last];
}

}  // namespace heddle
