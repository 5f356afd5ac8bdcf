#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "train/commands/sweep/sweep_plan.h"

namespace heddle {

/// Checks every combination before the first run begins: that its data is there, that model and data fit each other,
/// that `jobs` of its runs at once fit into memory, that runs in the folder were made as these will be, that the metric
/// is one. Errors begin with the file and line of what they speak of.
void check_sweep(const SweepPlan& plan, std::int64_t jobs, const std::function<void(const std::string&)>& progress);

/// What became of a run.
struct SweepOutcome {
  enum class State { waiting, complete, stopped, failed } state = State::waiting;
  std::string reason;  ///< why it failed
};

/// Trains what is not yet trained, `jobs` runs at once, each in a process of its own and with its share of the cores,
/// and says a line for each. A run that was begun goes on. False: a signal stopped it.
bool train_sweep(const SweepPlan& plan, std::int64_t jobs, std::vector<SweepOutcome>& outcomes);

}  // namespace heddle
