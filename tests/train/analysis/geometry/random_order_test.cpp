#include "train/analysis/geometry/random_order.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <map>

namespace heddle {

TEST_CASE("a random order has every number once, and any order is as likely as any other") {
  CHECK(random_order(0, Rng(1)).empty());
  std::map<std::vector<std::size_t>, int> seen;
  constexpr int kTimes = 6000;
  for (int i = 0; i < kTimes; ++i) {
    std::vector<std::size_t> order = random_order(3, Rng(static_cast<std::uint64_t>(i)));
    ++seen[order];
    std::sort(order.begin(), order.end());
    REQUIRE(order == std::vector<std::size_t>{0, 1, 2});
  }
  CHECK(seen.size() == 6);
  for (const auto& [order, times] : seen) CHECK(times == Approx(kTimes / 6).epsilon(0.15));
}

}  // namespace heddle
