#include "data/split.h"

#include <catch2/catch.hpp>

namespace heddle {
namespace {

using Ends = std::vector<std::pair<std::int64_t, std::int64_t>>;

Ends ends(const Ranges& ranges) {
  Ends all;
  for (const Range& range : ranges) all.emplace_back(range.begin, range.end);
  return all;
}

}  // namespace

TEST_CASE("splits are shares of the path's examples, in their order, but for those that have files of their own") {
  SplitConfig split;
  split.val_fraction = 0.125;
  split.test_fraction = 0.25;
  CHECK(ends(split.shares(80)) == Ends{{0, 50}, {50, 60}, {60, 80}});
  CHECK(ends(split.ranges({80, 0, 0})) == Ends{{0, 50}, {50, 60}, {60, 80}});
  split.val_path = {"val"};
  CHECK(ends(split.shares(80)) == Ends{{0, 60}, {60, 60}, {60, 80}});
  CHECK(ends(split.ranges({80, 7, 0})) == Ends{{0, 60}, {80, 87}, {60, 80}});
  split.test_files = {"*_test"};
  CHECK(ends(split.shares(80)) == Ends{{0, 80}, {80, 80}, {80, 80}});
  CHECK(ends(split.ranges({80, 7, 5})) == Ends{{0, 80}, {80, 87}, {87, 92}});
  split.val_path = {};
  CHECK(ends(split.ranges({80, 0, 5})) == Ends{{0, 70}, {70, 80}, {80, 85}});
}

TEST_CASE("what is to be judged whole is the test split, and no other need have examples") {
  const SplitConfig split = SplitConfig::whole_of({"a", "b"});
  CHECK(split.name() == "a, b");
  CHECK(ends(split.ranges({80, 0, 0})) == Ends{{0, 0}, {0, 0}, {0, 80}});
  CHECK_NOTHROW(split.ensure_examples(split.ranges({1, 0, 0}), "rows"));
  CHECK_THROWS_WITH(split.ensure_examples(split.ranges({0, 0, 0}), "rows"), Catch::Contains("part has 0 rows"));
  for (const Ranges& lacking : {Ranges{{{0, 0}, {0, 5}, {5, 9}}}, Ranges{{{0, 5}, {5, 5}, {5, 9}}}})
    CHECK_THROWS_WITH(SplitConfig().ensure_examples(lacking, "rows"), Catch::Contains("part has 0 rows"));
  CHECK_NOTHROW(SplitConfig().ensure_examples(Ranges{{{0, 1}, {1, 2}, {2, 2}}}, "rows"));
}

TEST_CASE("fractions must leave something to train on") {
  SplitConfig split;
  split.val_fraction = 0.5;
  split.test_fraction = 0.5;
  CHECK_THROWS_WITH(split.shares(80), Catch::Contains("leave nothing to train on"));
  split.test_path = {"test"};
  CHECK(ends(split.shares(80)) == Ends{{0, 40}, {40, 80}, {80, 80}});
}

}  // namespace heddle
