#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "train/run/session.h"

namespace heddle {

/// What the parts of a run take, in seconds, as they were measured, and what was found on the way.
struct RunTimes {
  double step = 0;
  double evaluation = 0;        ///< one of those at train.eval_interval
  double whole_evaluation = 0;  ///< the one of the whole validation split, at the end
  double checkpoint = 0;
  double sample = 0;
  double heads = 0;  ///< one row of heads.csv
  Baselines baselines{};

  /// What a run of `steps` steps takes: each part as often as `plan` lets it come at most. With checkpoints that come
  /// by time, as many as fit into `seconds`.
  double of(const TrainConfig& plan, index_t steps, double seconds) const;
};

/// Steps that are measured, of which the first two, which set things up, do not count.
constexpr index_t kMeasuredSteps = 10;

/// Makes kMeasuredSteps steps of the experiment with a model of its own, evaluates, samples and saves it as a run in
/// `folder` would, and takes all of it away again: the run's own model, learner and files are not touched. Errors:
/// those of Trainer::check_memory_limit and of steps.
/// `score_heads` does what a row of heads.csv takes.
RunTimes measure_run(const Experiment& experiment, const Dataset& dataset, const std::filesystem::path& folder,
                     const Progress& progress, const std::function<void(const SessionParts&)>& score_heads);

/// The most steps that end within train.minutes, `spent` seconds of which are over, three in a hundred being held back
/// for what was not measured; and in words what was measured and chosen.
struct FittedSteps {
  index_t steps = 0;
  std::string text;
};
/// `plan` has its intervals counted out. Errors: not even kMeasuredSteps would fit, saying what would.
FittedSteps fit_steps(const RunTimes& times, const TrainConfig& plan, double spent);

}  // namespace heddle
