#pragma once

#include <string>
#include <vector>

#include "train/analysis/seeds/seeds.h"
#include "train/commands/sweep/sweep_runs.h"
#include "train/run/folder/result.h"

namespace heddle {

/// A run of a sweep, and what it came to.
struct SweepRow {
  const SweepRun* run = nullptr;
  SweepOutcome outcome;
  RunResult result;   ///< where it is complete
  double figure = 0;  ///< of sweep.metric; NaN: there is none
};

/// A combination, over its seeds.
struct SweepRank {
  std::size_t combination = 0;
  SeedSummary summary;  ///< of the complete runs
  double to_best = 0;   ///< mean minus that of the best; 0 for that itself
  double p = 0;         ///< that seeds alone make such a difference to the best (Welch, Holm over all); NaN: too few
};

/// The combinations, the best first; those that have not a figure of every seed behind.
std::vector<SweepRank> ranked(const SweepPlan& plan, const std::vector<SweepRow>& rows);

/// What a sweep found. Times stand nowhere in it: the same sweep gives the same table.
struct SweepTable {
  std::vector<SweepRow> rows;    ///< in the order of the plan
  std::vector<SweepRank> ranks;  ///< as ranked() has them
  SeedSummary test;              ///< of the best combination, on the test split; count 0: there is none
};

/// Reads the results of the runs that are complete, ranks the combinations by the validation split, and judges the best
/// one, and no other, on the test split, where the data has one.
SweepTable tabulate(const SweepPlan& plan, const std::vector<SweepOutcome>& outcomes);

/// A row a combination, the best first, for a person; below it what the differences mean.
std::string table_text(const SweepPlan& plan, const SweepTable& table);
/// table.csv: the same with all digits.
std::string table_csv(const SweepPlan& plan, const SweepTable& table);
/// table.json: the combinations and each of their runs, with every figure.
std::string table_json(const SweepPlan& plan, const SweepTable& table);
/// plot.svg: the metric over each key that is a number, a dot a combination and a line of the best. Empty: no key is.
std::string table_plot(const SweepPlan& plan, const SweepTable& table);
/// best.cfg: the best combination as a config to train, under a name of its own. Errors: no run is complete.
std::string best_config(const SweepPlan& plan, const SweepTable& table);

}  // namespace heddle
