#pragma once

#include <array>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "train/analysis/attention/head_scores.h"
#include "train/log/events.h"
#include "train/run/session.h"

namespace heddle {

/// Writes heads.csv in a run's folder: before the first step and every train.inspect_interval, a row for each head with
/// the scores of its roles (empty where one is not known), on the first kLoggedTokens tokens that validate; with the
/// averaged weights, where the learner keeps those. Of a run that goes on after `step`, rows of later steps are
/// dropped. Null where none are asked for, or the model has no attention; then `notice` says so, or that
/// the file is damaged and begins anew. `parts` must live as
/// long as this.
constexpr index_t kLoggedTokens = 2048;
std::unique_ptr<RunListener> heads_listener(const SessionParts& parts, const std::filesystem::path& folder,
                                            std::int64_t step, std::string& notice);

/// Scores heads once as for a row of that file, and keeps nothing: to see how long it takes.
void score_heads(const SessionParts& parts);

/// A row of heads.csv.
struct LoggedHead {
  std::int64_t step = 0;
  std::string attention;
  index_t head = 0;
  std::array<double, kHeadRoles.size()> scores{};  ///< in the order of kHeadRoles; NaN: not known
};
/// The rows of a run's heads.csv up to a step; none, where the folder has no such file. Errors: those of reading; what
/// is no such row.
std::vector<LoggedHead> read_heads_log(const std::filesystem::path& folder, std::int64_t step);

}  // namespace heddle
