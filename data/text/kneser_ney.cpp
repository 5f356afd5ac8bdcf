#include "data/text/kneser_ney.h"

#include <algorithm>

namespace heddle {

Discounts Discounts::from(const std::array<std::uint64_t, 4>& n) {
  Discounts found;
  found.assumed = false;
  const auto of = [&](std::size_t c) { return static_cast<double>(n[c - 1]); };
  const double y = of(1) / (of(1) + 2 * of(2));
  for (std::size_t c = 1; c <= 3; ++c) {
    const auto most = static_cast<double>(c);
    const double discount = most - (most + 1) * y * of(c + 1) / of(c);
    if (n[c - 1] == 0 || n[c] == 0 || !(discount > 0)) return {};
    found.of[c - 1] = discount;
  }
  return found;
}

}  // namespace heddle
