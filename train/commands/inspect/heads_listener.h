#pragma once

#include <filesystem>
#include <memory>

#include "train/log/events.h"
#include "train/run/session.h"

namespace heddle {

/// Writes heads.csv in a run's folder: before the first step and every train.inspect_interval, a row for each head with
/// the scores of its roles (empty where one is not known), on the first kLoggedTokens tokens that validate; with the
/// averaged weights, where the learner keeps those. Of a run that goes on after `step`, rows of later steps are
/// dropped. Null where none are asked for, or the model has no attention; then `notice` says so. `parts` must live as
/// long as this.
constexpr index_t kLoggedTokens = 2048;
std::unique_ptr<RunListener> heads_listener(const SessionParts& parts, const std::filesystem::path& folder,
                                            std::int64_t step, std::string& notice);

}  // namespace heddle
