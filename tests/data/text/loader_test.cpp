#include "data/text/loader.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <numeric>
#include <set>
#include <vector>

namespace heddle {
namespace {

std::vector<std::int32_t> counting(std::size_t n) {
  std::vector<std::int32_t> tokens(n);
  std::iota(tokens.begin(), tokens.end(), 0);
  return tokens;
}

}  // namespace

TEST_CASE("targets are the inputs' next tokens, from one end of the text to the other") {
  const auto tokens = counting(20);
  std::set<std::int32_t> starts;
  const Batch batch = train_batch(tokens, 8, 400, 0, Rng(1));
  for (index_t i = 0; i < batch.inputs.numel(); ++i) {
    REQUIRE(batch.targets[i] == batch.inputs[i] + 1);
    if (i % 8 == 0) starts.insert(batch.inputs[i]);
  }
  REQUIRE(starts.size() == 12);  // every place a window fits
  REQUIRE(*starts.rbegin() + 8 == 19);
  REQUIRE_THROWS_WITH(train_batch(tokens, 20, 1, 0, Rng(1)), Catch::Contains("20 tokens hold no window of 20"));
}

TEST_CASE("rows are a function of seed and number alone: two batches of 4 hold the rows of one of 8") {
  const auto tokens = counting(1000);
  const Batch eight = train_batch(tokens, 5, 8, 80, Rng(3));
  for (index_t half = 0; half < 2; ++half) {
    const Batch four = train_batch(tokens, 5, 4, 80 + half * 4, Rng(3));
    REQUIRE(std::equal(four.inputs.data(), four.inputs.data() + 20, eight.inputs.data() + half * 20));
  }
  const Batch other = train_batch(tokens, 5, 8, 80, Rng(4));
  REQUIRE_FALSE(std::equal(other.inputs.data(), other.inputs.data() + 40, eight.inputs.data()));
}

TEST_CASE("evaluation windows predict every token after the first once") {
  const index_t size = GENERATE(2, 9, 16, 17, 18, 25);
  const auto tokens = counting(static_cast<std::size_t>(size));
  const index_t windows = eval_windows(tokens, 8);
  std::vector<int> predicted(static_cast<std::size_t>(size), 0);
  for (index_t w = 0; w < windows; ++w) {
    const Batch batch = eval_batch(tokens, 8, w, 1);
    for (index_t i = 0; i < 8; ++i) {
      if (batch.targets[i] == kIgnore) continue;
      REQUIRE(batch.targets[i] == batch.inputs[i] + 1);
      ++predicted[static_cast<std::size_t>(batch.targets[i])];
    }
  }
  REQUIRE(predicted[0] == 0);
  for (std::size_t i = 1; i < predicted.size(); ++i) REQUIRE(predicted[i] == 1);
  REQUIRE_THROWS_AS(eval_batch(tokens, 8, windows, 1), Error);
}

TEST_CASE("a text of one token or none has nothing to predict") {
  REQUIRE(eval_windows(counting(1), 8) == 0);
  REQUIRE(eval_windows(counting(0), 8) == 0);
}

TEST_CASE("a pass shows every window once, each pass in another order, whatever the batches") {
  const auto tokens = counting(1003);
  const index_t windows = eval_windows(tokens, 5);
  REQUIRE(windows == 201);
  std::vector<std::vector<std::int32_t>> orders;
  for (index_t pass = 0; pass < 3; ++pass) {
    const Batch batch = pass_batch(tokens, 5, windows, pass * windows, Rng(3));
    std::vector<std::int32_t> begins;
    std::multiset<std::int32_t> seen;
    for (index_t i = 0; i < batch.inputs.numel(); ++i) {
      if (i % 5 == 0) begins.push_back(batch.inputs[i]);
      if (batch.targets[i] == kIgnore) continue;
      REQUIRE(batch.targets[i] == batch.inputs[i] + 1);
      seen.insert(batch.inputs[i]);
    }
    REQUIRE(seen.size() == 1002);
    REQUIRE(std::set<std::int32_t>(seen.begin(), seen.end()).size() == 1002);
    REQUIRE_FALSE(std::is_sorted(begins.begin(), begins.end()));
    orders.push_back(begins);
  }
  REQUIRE(orders[0] != orders[1]);
  REQUIRE(orders[1] != orders[2]);
  const Batch across = pass_batch(tokens, 5, 10, windows - 5, Rng(3));  // from one pass into the next
  REQUIRE(across.inputs[4 * 5] == orders[0].back());
  REQUIRE(across.inputs[5 * 5] == orders[1].front());
}

}  // namespace heddle
