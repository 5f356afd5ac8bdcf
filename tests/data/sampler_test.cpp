#include "data/sampler.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <numeric>
#include <set>

#include "tests/numbered_dataset.h"

namespace heddle {
namespace {

std::vector<index_t> places_of(const Sampler& sampler, index_t first_step, index_t steps, index_t micro_batches = 1) {
  std::vector<index_t> all;
  for (index_t step = first_step; step < first_step + steps; ++step) {
    for (index_t micro = 0; micro < micro_batches; ++micro) {
      const Draw draw = sampler.draw(step, micro);
      all.insert(all.end(), draw.places.begin(), draw.places.end());
    }
  }
  return all;
}

}  // namespace

TEST_CASE("rows are a function of seed and number alone: two micro-batches of 4 are one of 8, in every order") {
  const NumberedDataset data(50);
  const Order order = GENERATE(Order::random, Order::epochs, Order::contiguous);
  const auto eight = make_sampler(order, data, Split::train, {8, 1}, Rng(3));
  const auto four = make_sampler(order, data, Split::train, {4, 2}, Rng(3));
  CHECK(places_of(*eight, 5, 10) == places_of(*four, 5, 10, 2));
  CHECK(four->draw(5, 1).first_row == 44);
  CHECK(eight->draw(5, 0).first_row == 40);
  const auto other = make_sampler(order, data, Split::train, {8, 1}, Rng(4));
  CHECK((places_of(*other, 5, 10) == places_of(*eight, 5, 10)) == (order == Order::contiguous));
}

TEST_CASE("random rows come from every place, evenly") {
  const NumberedDataset data(4);
  const auto sampler = make_sampler(Order::random, data, Split::train, {1000, 1}, Rng(1));
  std::vector<int> seen(10);
  for (const index_t place : places_of(*sampler, 0, 1)) ++seen.at(static_cast<std::size_t>(place));
  for (const int times : seen) CHECK(std::abs(times - 100) < 40);
}

TEST_CASE("an epoch shows every example once, each epoch in another order, whatever the batches") {
  const index_t count = GENERATE(1, 2, 5, 201);
  const NumberedDataset data(count);
  const auto sampler = make_sampler(Order::epochs, data, Split::train, {1, 1}, Rng(3));
  CHECK(sampler->steps_per_epoch() == static_cast<double>(count));
  std::vector<std::vector<index_t>> epochs;
  for (index_t epoch = 0; epoch < 3; ++epoch) {
    epochs.push_back(places_of(*sampler, epoch * count, count));
    std::set<index_t> seen(epochs.back().begin(), epochs.back().end());
    CHECK(std::ssize(seen) == count);
    CHECK(*seen.rbegin() == 3 * (count - 1));
  }
  if (count < 100) return;
  CHECK_FALSE(std::is_sorted(epochs[0].begin(), epochs[0].end()));
  CHECK(epochs[0] != epochs[1]);
  CHECK(epochs[1] != epochs[2]);
  const auto by_ten = make_sampler(Order::epochs, data, Split::train, {10, 1}, Rng(3));
  const std::vector<index_t> across = places_of(*by_ten, 20, 1);  // rows 200 .. 209: from one epoch into the next
  CHECK(across[0] == epochs[0][200]);
  CHECK(across[1] == epochs[1][0]);
  CHECK(by_ten->steps_per_epoch() == 20.1);
}

TEST_CASE("contiguous rows go on where they ended, and say where they begin anew") {
  const NumberedDataset data(23);
  const auto sampler = make_sampler(Order::contiguous, data, Split::train, {2, 2}, Rng(1));  // 4 rows, 5 examples each
  CHECK(sampler->steps_per_epoch() == 5);
  for (index_t step = 0; step < 11; ++step) {
    for (index_t micro = 0; micro < 2; ++micro) {
      const Draw draw = sampler->draw(step, micro);
      CHECK(draw.continues == (step % 5 != 0));
      for (index_t row = 0; row < 2; ++row)
        CHECK(draw.places[static_cast<std::size_t>(row)] == 3 * ((2 * micro + row) * 5 + step % 5));
    }
  }
  CHECK_THROWS_WITH(make_sampler(Order::contiguous, data, Split::train, {24, 1}, Rng(1)),
                    Catch::Contains("a step has 24 rows") && Catch::Contains("23 examples"));
}

TEST_CASE("a walk through a split shows every example once, each row's one after another") {
  for (const auto& [examples, rows] : {std::pair<index_t, index_t>{10, 3}, {10, 4}, {10, 1}, {3, 5}, {12, 4}, {9, 8}}) {
    INFO(examples << " examples in " << rows << " rows");
    const NumberedDataset data(1, examples);
    const index_t batches = (examples + rows - 1) / rows;
    std::vector<std::vector<index_t>> seen(static_cast<std::size_t>(rows));
    index_t before = rows;
    for (index_t i = 0; i < batches; ++i) {
      const Batch batch = walk_split(data, Split::val, rows, i);
      CHECK(batch.continues == (i > 0));
      CHECK(batch.first_row == i * rows);
      REQUIRE(batch.rows() > 0);
      CHECK(batch.rows() <= before);
      before = batch.rows();
      for (index_t row = 0; row < batch.rows(); ++row)
        seen[static_cast<std::size_t>(row)].push_back(batch.inputs[row] / 3);
    }
    std::vector<index_t> all, wanted(static_cast<std::size_t>(examples));
    for (const auto& row : seen) all.insert(all.end(), row.begin(), row.end());
    std::iota(wanted.begin(), wanted.end(), index_t{0});
    CHECK(all == wanted);
    CHECK(std::ssize(seen[0]) == batches);
    CHECK_THROWS_WITH(walk_split(data, Split::val, rows, batches), Catch::Contains("there is no batch"));
  }
  CHECK_THROWS_WITH(walk_split(NumberedDataset(1, 5), Split::val, 0, 0), Catch::Contains("at least one must walk"));
  CHECK_THROWS_WITH(walk_split(NumberedDataset(1, 0), Split::val, 2, 0), Catch::Contains("no batch 0 of 0"));
}

TEST_CASE("batches by length hold like lengths, no more than their share of tokens, and every example once an epoch") {
  std::vector<index_t> lengths;
  for (std::uint64_t i = 0; i < 300; ++i) lengths.push_back(1 + static_cast<index_t>(Rng(5).below(40, i)));
  const NumberedDataset data(300, 0, lengths);
  const auto sampler = make_sampler(Order::lengths, data, Split::train, {8, 1}, Rng(3));
  const auto steps = static_cast<index_t>(sampler->steps_per_epoch());
  CHECK(static_cast<double>(steps) == sampler->steps_per_epoch());
  const double mean = static_cast<double>(std::accumulate(lengths.begin(), lengths.end(), index_t{0})) / 300;
  std::vector<std::vector<index_t>> epochs;
  for (index_t epoch = 0; epoch < 2; ++epoch) {
    std::multiset<index_t> seen;
    std::set<index_t> rows;
    double waste = 0, tokens = 0;
    for (index_t step = epoch * steps; step < (epoch + 1) * steps; ++step) {
      const Draw draw = sampler->draw(step, 0);
      index_t longest = 0;
      for (std::size_t i = 0; i < draw.places.size(); ++i) {
        const index_t length = data.length(Split::train, draw.places[i]);
        longest = std::max(longest, length);
        tokens += static_cast<double>(length);
        rows.insert(draw.first_row + static_cast<index_t>(i));
      }
      const auto padded = static_cast<double>(longest * std::ssize(draw.places));
      CHECK(padded <= std::max(40.0, 8 * mean + 1));
      waste += padded;
      seen.insert(draw.places.begin(), draw.places.end());
    }
    CHECK(seen.size() == 300);
    CHECK(std::set<index_t>(seen.begin(), seen.end()).size() == 300);
    CHECK(std::ssize(rows) == 300);       // each has a number of its own in the run,
    CHECK(*rows.begin() == epoch * 300);  // through all epochs
    CHECK((waste - tokens) / tokens < 0.1);
    epochs.push_back(places_of(*sampler, epoch * steps, steps));
  }
  CHECK(epochs[0] != epochs[1]);
  CHECK(places_of(*sampler, 0, steps) == epochs[0]);
  const auto two = make_sampler(Order::lengths, data, Split::train, {8, 2}, Rng(3));
  CHECK(two->steps_per_epoch() == sampler->steps_per_epoch() / 2);
  CHECK(places_of(*two, 3, 5, 2) == places_of(*sampler, 6, 10));
}

TEST_CASE("a split without examples gives no order, and examples outside a split are refused") {
  const NumberedDataset data(3);
  CHECK_THROWS_WITH(make_sampler(Order::random, data, Split::val, {1, 1}, Rng(1)), Catch::Contains("val split has no"));
  CHECK(get_examples(data, Split::train, 1, 2).inputs[1] == 6);
  CHECK(get_examples(data, Split::train, 1, 2).first_row == 1);
  CHECK_THROWS_WITH(get_examples(data, Split::train, 1, 3), Catch::Contains("examples 1 .. 4 of 3"));
}

}  // namespace heddle
