#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "framework/names.h"
#include "train/config/config.h"

namespace heddle {

/// How a sweep's combinations come about.
enum class SweepMode { grid, list, random };
constexpr auto names_of(SweepMode) {
  return std::array{Named{SweepMode::grid, "grid"}, Named{SweepMode::list, "list"}, Named{SweepMode::random, "random"}};
}
/// Which end of the metric is the good one.
enum class SweepGoal { automatic, lowest, highest };
constexpr auto names_of(SweepGoal) {
  return std::array{Named{SweepGoal::automatic, "auto"}, Named{SweepGoal::lowest, "lowest"},
                    Named{SweepGoal::highest, "highest"}};
}
enum class SweepStop { none, median };
constexpr auto names_of(SweepStop) {
  return std::array{Named{SweepStop::none, "none"}, Named{SweepStop::median, "median"}};
}

/// The keys of [sweep] beside the settings that it tries.
struct SweepConfig {
  SweepMode mode = SweepMode::grid;
  std::int64_t budget = 20, seed = 1;
  std::string metric = "loss";
  SweepGoal goal = SweepGoal::automatic;
  SweepStop stop = SweepStop::none;

  std::vector<Key> keys();
  /// Whether a lower metric is the better one.
  bool lower_is_better() const { return goal != SweepGoal::highest; }
};

/// A setting of which several values are tried.
struct SweepAxis {
  std::string key, where;           ///< "optim.lr", and where it was written
  std::vector<std::string> values;  ///< of each combination that is tried, as configs write them
};

/// One training of a sweep.
struct SweepRun {
  std::size_t combination = 0;
  std::string name;    ///< of its folder within the sweep's: "lr=0.001,seed=1"
  std::string config;  ///< all of it, resolved
};

/// All that a sweep will do, which its config alone decides.
struct SweepPlan {
  SweepConfig config;
  std::string name, folder;
  std::vector<SweepAxis> axes;     ///< beside the seed
  std::size_t combinations = 0;    ///< axes[i].values[c] is that of combination c
  std::vector<std::string> seeds;  ///< each combination is trained with each
  std::vector<SweepRun> runs;      ///< combination by combination
  std::vector<std::string> notices;

  /// "optim.lr = 0.001, model.n_layer = 2", or with "FILE: line 3: " before each; empty where there are no axes.
  std::string text_of(std::size_t combination, bool with_places = false) const;
};

/// Errors: [sweep] tries nothing; a key that is none; a value that the key cannot have, a combination that a config
/// cannot be, each with the file and line that say it; values twice; lists of unlike lengths with mode = list; a range
/// that has no end of values, or none at all.
SweepPlan plan_sweep(Settings settings);

/// The keys that [sweep] may hold, and what `--help` says of them.
std::vector<Section> sweep_sections(SweepConfig& config);

}  // namespace heddle
