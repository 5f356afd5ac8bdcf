#include "data/text/kneser_ney.h"

#include <catch2/catch.hpp>

namespace heddle {

TEST_CASE("discounts are Chen and Goodman's where counts of counts give them") {
  const Discounts found = Discounts::from({8, 4, 2, 1});
  CHECK_FALSE(found.assumed);
  CHECK(found.of == std::array<double, 3>{0.5, 1.25, 2});  // Y = 8 / 16
  CHECK(found(0) == 0);
  CHECK(found(1) == 0.5);
  CHECK(found(2) == 1.25);
  CHECK(found(3) == 2);
  CHECK(found(1000) == 2);
}

TEST_CASE("discounts are 0.5, 1 and 1.5 where a count of counts is 0 or one of them would not be above 0") {
  using Counts = std::array<std::uint64_t, 4>;
  for (const Counts& n : {Counts{0, 4, 2, 1},
                          {8, 0, 2, 1},
                          {8, 4, 0, 1},
                          {8, 4, 2, 0},
                          {0, 0, 0, 0},
                          {30, 15, 20, 1},    // D_2 = 2 - 3 / 2 * 4 / 3
                          {30, 15, 2, 3}}) {  // D_3 = 3 - 4 / 2 * 3 / 2
    INFO(Catch::Detail::stringify(n));
    CHECK(Discounts::from(n).assumed);
    CHECK(Discounts::from(n).of == std::array<double, 3>{0.5, 1, 1.5});
  }
  CHECK_FALSE(Discounts::from({30, 15, 19, 1}).assumed);
  CHECK_FALSE(Discounts::from({30, 15, 3, 4}).assumed);
}

}  // namespace heddle
