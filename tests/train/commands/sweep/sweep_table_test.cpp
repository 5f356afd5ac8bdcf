#include "train/commands/sweep/sweep_table.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <limits>

namespace heddle {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

/// A sweep whose combinations have these figures, one a seed.
struct Ranked {
  SweepPlan plan;
  std::vector<SweepRow> rows;

  explicit Ranked(const std::vector<std::vector<double>>& figures) {
    plan.combinations = figures.size();
    plan.seeds.resize(figures[0].size());
    for (std::size_t c = 0; c < figures.size(); ++c)
      plan.runs.resize(plan.runs.size() + figures[c].size(), {c, "", ""});
    auto run = plan.runs.begin();
    for (const std::vector<double>& seeds : figures) {
      for (const double figure : seeds) rows.push_back({&*run++, {}, {}, figure});
    }
  }
  std::vector<std::size_t> order() const {
    std::vector<std::size_t> found;
    for (const SweepRank& rank : ranked(plan, rows)) found.push_back(rank.combination);
    return found;
  }
};

using Order = std::vector<std::size_t>;

}  // namespace

TEST_CASE("combinations are ranked by their mean, and those that lack a seed come behind, however good", "[sweep]") {
  Ranked some({{3, 4}, {1, kNone}, {kNone, kNone}, {2, 3}});
  CHECK(some.order() == Order{3, 0, 1, 2});
  some.plan.config.goal = SweepGoal::highest;
  CHECK(some.order() == Order{0, 3, 1, 2});
  const std::vector<SweepRank> ranks = ranked(some.plan, some.rows);
  CHECK(ranks[1].to_best == -1);
  CHECK(ranks[2].summary.count == 1);
  CHECK(std::isnan(ranks[2].p));
}

TEST_CASE("combinations of the same mean keep the order of the config", "[sweep]") {
  CHECK(Ranked({{2, 2}, {1, 3}, {3, 1}}).order() == Order{0, 1, 2});
}

}  // namespace heddle
