#include "train/commands/sweep/median_stop.h"

#include <catch2/catch.hpp>
#include <limits>

namespace heddle {
namespace {

/// A run with an evaluation at step 10, 20, ...; a row without one lies between.
MeasuredRun run(const std::vector<double>& losses, bool over = true) {
  MeasuredRun made{{}, over};
  for (std::size_t i = 0; i < losses.size(); ++i) {
    made.history.add(static_cast<std::int64_t>(10 * i + 5), {{"train_loss", 9}});
    made.history.add(static_cast<std::int64_t>(10 * i + 10), {{"train_loss", 9}, {"val_loss", losses[i]}});
  }
  return made;
}

std::vector<std::int64_t> stops(const std::vector<MeasuredRun>& runs, bool lower = true) {
  std::vector<std::int64_t> steps;
  for (const auto& stop : median_stops(runs, "val_loss", lower)) steps.push_back(stop ? stop->step : 0);
  return steps;
}

using Steps = std::vector<std::int64_t>;

}  // namespace

TEST_CASE("a run is stopped at the first evaluation at which its best is worse than the median of three before it") {
  const std::vector<MeasuredRun> three = {run({5, 4, 3}), run({6, 5, 4}), run({7, 6, 5})};
  const auto with = [&](const MeasuredRun& last) {
    std::vector<MeasuredRun> all = three;
    all.push_back(last);
    return stops(all).back();
  };
  CHECK(with(run({6.1, 2, 1})) == 10);
  CHECK(with(run({6, 5, 4})) == 0);  // the same as the median
  CHECK(with(run({6, 5.5, 1})) == 20);
  CHECK(with(run({3, 9, 9})) == 0);  // it goes by the best so far
  CHECK(with(run({6, 5, 4.1})) == 30);
  const auto found = median_stops({three[0], three[1], three[2], run({8})}, "val_loss", true)[3];
  REQUIRE(found);
  CHECK(found->best == 8);
  CHECK(found->median == 6);
  CHECK(found->others == 3);
}

TEST_CASE("two runs before it stop none, and of four the median lies between the two in the middle") {
  CHECK(stops({run({1}), run({1}), run({9})}) == Steps{0, 0, 0});
  CHECK(stops({run({1}), run({1}), run({3}), run({1}), run({2.1})})[4] == 10);
  CHECK(stops({run({1}), run({1}), run({1}), run({1}), run({1})}) == Steps{0, 0, 0, 0, 0});
  CHECK(stops({run({4}), run({3}), run({2}), run({1}), run({2.5})})[4] == 0);
  CHECK(stops({run({4}), run({3}), run({2}), run({1}), run({2.6})})[4] == 10);
}

TEST_CASE("where higher is better the worse is the lower") {
  CHECK(stops({run({0.5}), run({0.6}), run({0.7}), run({0.4}), run({0.9})}, false) == Steps{0, 0, 0, 10, 0});
}

TEST_CASE("runs that did not get so far do not count, and what a stopped run measured beyond its stop neither") {
  CHECK(stops({run({1}), run({1}), run({1, 1}), run({1, 9})}) == Steps{0, 0, 0, 0});
  // the fourth is stopped at 10; with its 0 at 20 the median of the fifth would be lower
  CHECK(stops({run({1, 1}), run({1, 1}), run({1, 2}), run({9, 0}), run({1, 1})}) == Steps{0, 0, 0, 10, 0});
}

TEST_CASE("nothing is decided while a run before it has not come so far, whoever is quicker") {
  const std::vector<double> good = {1, 1, 1}, bad = {9, 9, 9};
  const Steps at_end = stops({run(good), run(good), run(good), run(bad), run(good), run(bad)});
  REQUIRE(at_end == Steps{0, 0, 0, 10, 0, 10});
  CHECK(stops({run(good), run(good), run({}, false), run(bad), run(good), run(bad)}) == Steps{0, 0, 0, 0, 0, 0});
  CHECK(stops({run(good), run(good), run({1}, false), run(bad), run(good), run(bad)}) == Steps{0, 0, 0, 10, 0, 10});
  // the fourth is not decided on, so its figure may not count for the fifth either
  CHECK(stops({run({1, 1}), run({1, 1}), run({1}, false), run({1, 0}), run({1, 2})}) == Steps{0, 0, 0, 0, 0});
  CHECK(stops({run({2, 1}), run({2, 1}), run({2, 1}), run({2, 0}, false), run({2, 2}, false)}) ==
        Steps{0, 0, 0, 0, 20});
}

}  // namespace heddle
