#pragma once

#include <array>
#include <ctime>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "framework/names.h"
#include "train/log/metrics.h"
#include "train/run/experiment.h"
#include "train/run/folder/result.h"

namespace heddle {

/// Where a run stands.
enum class RunStatus {
  running,        ///< a process trains it
  stopped,        ///< it can be gone on with
  complete,       ///< all steps are done
  stopped_early,  ///< train.early_stop ended it
  no_checkpoint,  ///< it ended before its first
};
constexpr auto names_of(RunStatus) {
  return std::array{Named{RunStatus::running, "running"}, Named{RunStatus::stopped, "stopped"},
                    Named{RunStatus::complete, "complete"}, Named{RunStatus::stopped_early, "stopped early"},
                    Named{RunStatus::no_checkpoint, "no checkpoint"}};
}

/// What the small files of a run's folder say of it; its weights are not read.
struct RunRecord {
  std::filesystem::path folder;
  RunStatus status = RunStatus::stopped;
  std::shared_ptr<Experiment> experiment;  ///< by config.cfg; null where that cannot be understood
  History history;                         ///< by metrics.csv
  std::optional<RunResult> result;         ///< by result.json, of runs that are over
  std::time_t written = 0;                 ///< when one of its files was written last
  std::vector<std::string> problems;       ///< a line for each file that cannot be read, as damaged ones

  /// The lowest validation loss and its step; none: no evaluation.
  std::optional<std::pair<double, std::int64_t>> best() const;
};

/// Whether a folder holds a run: a config, and something beside it that a run wrote.
bool is_run(const std::filesystem::path& folder);
/// What is known of the run in a folder, however damaged it is. Errors: it holds none.
RunRecord read_record(const std::filesystem::path& folder);
/// The folders of runs: `folder` itself, or those in it and in its folders, as of sweeps, in the order of their paths,
/// each once. Errors: it is no folder.
std::vector<std::filesystem::path> find_runs(const std::filesystem::path& folder);

}  // namespace heddle
