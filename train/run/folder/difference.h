#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace heddle {

/// What was compared of two runs, and what differs, by name.
struct RunDifference {
  std::vector<std::string> compared;  ///< "last.h5", "metrics.csv"
  std::vector<std::string> found;     ///< "last.h5: /model/token_embedding/weight", "metrics.csv: line 3, val_loss"
};

/// Compares the folders of two runs that should be the same run: every byte of what their checkpoints hold,
/// metrics.csv, heads.csv and result.json; but for what tells how fast they went. Errors: a checkpoint cannot be read.
RunDifference compare_runs(const std::filesystem::path& one, const std::filesystem::path& other);

}  // namespace heddle
