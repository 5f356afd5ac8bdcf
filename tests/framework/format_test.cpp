#include "framework/format.h"

#include <catch2/catch.hpp>

namespace heddle {

TEST_CASE("edit distance counts what is put in, taken out, replaced and exchanged with the next, in both directions") {
  const auto distance = [](std::string_view a, std::string_view b) {
    REQUIRE(edit_distance(a, b) == edit_distance(b, a));
    return edit_distance(a, b);
  };
  CHECK(distance("", "") == 0);
  CHECK(distance("", "loom") == 4);
  CHECK(distance("weave", "weave") == 0);
  CHECK(distance("weave", "weaver") == 1);
  CHECK(distance("weft", "waft") == 1);
  CHECK(distance("kitten", "sitting") == 3);
  CHECK(distance("ab", "ba") == 1);
  CHECK(distance("cuont", "count") == 1);
  CHECK(distance("ca", "abc") == 3);  // what was exchanged is not touched again
  CHECK(distance("abcd", "badc") == 2);
}

TEST_CASE("the nearest spellings come nearest first, of equals the earlier, and none that is too far") {
  const std::vector<std::string> known = {"kin", "a", "ring", "king", "kings", "emperor"};
  using Words = std::vector<std::string>;
  CHECK(nearest_spellings("kng", known, 3) == Words{"king", "kin", "ring"});
  CHECK(nearest_spellings("kng", known, 9, 2) == Words{"king", "kin", "ring", "kings"});
  CHECK(nearest_spellings("kng", known, 9, 1) == Words{"king"});
  CHECK(nearest_spellings("kng", known, 0).empty());
  CHECK(nearest_spellings("kng", {}, 3).empty());
}

}  // namespace heddle
