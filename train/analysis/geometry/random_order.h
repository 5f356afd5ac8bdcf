#pragma once

#include <cstddef>
#include <numeric>
#include <utility>
#include <vector>

#include "framework/rng.h"

namespace heddle {

/// The numbers 0 .. count - 1 in an order in which any is as likely as any other (Fisher and Yates, 1938; from the last
/// place down: Durstenfeld, 1964).
inline std::vector<std::size_t> random_order(std::size_t count, const Rng& rng) {
  std::vector<std::size_t> order(count);
  std::iota(order.begin(), order.end(), std::size_t{0});
  for (std::size_t i = count; i > 1; --i) std::swap(order[i - 1], order[rng.below(i, i)]);
  return order;
}

}  // namespace heddle
