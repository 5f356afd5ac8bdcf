#include "data/repeats/repeats.h"

#include <catch2/catch.hpp>
#include <set>

#include "data/sampler.h"

namespace heddle {
namespace {

RepeatsConfig small() {
  RepeatsConfig config;
  config.size = 60;
  config.min_period = 3;
  config.max_period = 7;
  return config;
}

std::unique_ptr<Dataset> load(const RepeatsConfig& config, std::uint64_t seed = 1, index_t length = 16) {
  LoadOptions options;
  options.seed = seed;
  options.block_size = length;
  return config.load(options);
}

std::vector<std::int32_t> row_of(const IdTensor& ids, index_t row) {
  return {ids.data() + row * ids.size(1), ids.data() + (row + 1) * ids.size(1)};
}

}  // namespace

TEST_CASE("a row says different tokens, then the same again, and asks for what it has told") {
  const auto dataset = load(small());
  CHECK(dataset->size(Split::train) == 54);
  CHECK(dataset->size(Split::val) == 6);
  const Batch batch = get_examples(*dataset, Split::train, 0, 54);
  std::set<std::size_t> periods;
  std::set<std::vector<std::int32_t>> rows;
  for (index_t r = 0; r < 54; ++r) {
    const std::vector<std::int32_t> inputs = row_of(batch.inputs, r), targets = row_of(batch.targets, r);
    const std::set<std::int32_t> said(inputs.begin(), inputs.end());
    const std::size_t period = said.size();  // it says no token twice before it repeats itself
    periods.insert(period);
    rows.insert(inputs);
    for (std::size_t i = 0; i < inputs.size(); ++i) {
      REQUIRE((inputs[i] >= 0 && inputs[i] < 256));
      if (i >= period) {
        REQUIRE(inputs[i] == inputs[i - period]);
        REQUIRE(targets[i] == inputs[i - period + 1]);
      } else {
        REQUIRE(targets[i] == kIgnore);
      }
      if (i + 1 < inputs.size() && i >= period) REQUIRE(targets[i] == inputs[i + 1]);
    }
  }
  CHECK(periods == std::set<std::size_t>{3, 4, 5, 6, 7});
  CHECK(rows.size() == 54);
}

TEST_CASE("rows are functions of the seed and their number, and the splits share none") {
  const auto one = load(small()), same = load(small()), other = load(small(), 2);
  const auto row = [](const Dataset& dataset, Split split, index_t i) {
    return row_of(get_examples(dataset, split, i, 1).inputs, 0);
  };
  CHECK(row(*one, Split::val, 3) == row_of(get_examples(*same, Split::val, 0, 6).inputs, 3));
  CHECK(row(*one, Split::val, 3) != row(*other, Split::val, 3));
  CHECK(row(*one, Split::val, 0) != row(*one, Split::train, 0));
  CHECK(one->fingerprint() == same->fingerprint());
  CHECK(one->fingerprint() != other->fingerprint());
  RepeatsConfig longer = small();
  longer.max_period = 8;
  CHECK(one->fingerprint() != load(longer)->fingerprint());
  CHECK(one->fingerprint() != load(small(), 1, 17)->fingerprint());
  CHECK(one->state().spec().tokens.size() == 256);
}

TEST_CASE("repeats that cannot be made are refused") {
  RepeatsConfig config = small();
  CHECK_THROWS_WITH(load(config, 1, 7), Catch::Contains("model.block_size = 7") && Catch::Contains("max_period = 7"));
  CHECK_NOTHROW(load(config, 1, 8));
  config.min_period = 9;
  CHECK_THROWS_WITH(load(config), Catch::Contains("min_period = 9 is above data.max_period = 7"));
  config = small();
  config.split.path = {"words.txt"};
  CHECK_THROWS_WITH(load(config), Catch::Contains("data.path is builtin:repeats"));
  config.split.path = {"builtin:repeats"};
  CHECK_NOTHROW(load(config));
  config.split.val_path = {"words.txt"};
  CHECK_THROWS_WITH(load(config), Catch::Contains("made, not read"));
}

}  // namespace heddle
