#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "train/run/folder/record.h"

namespace heddle {

/// A run as the parts of `heddle runs` tell of it.
struct NamedRun {
  std::string name;  ///< as it was asked for, or its place in the folder that is listed
  RunRecord record;
};
/// The runs in a folder. Errors: it is no folder.
std::vector<NamedRun> runs_in(const std::string& folder);
/// The run that RUN names: a folder, a checkpoint in it, a name in runs/. Errors: it is none.
NamedRun named_run(const std::string& run);

/// What is known of a run under a name; null: nothing. Of a metric's column the last figure, but of speeds the median
/// of all rows, as single ones are noisy; of result.json whole_NAME and best_whole_NAME.
nlohmann::json fact_of(const NamedRun& run, const std::string& name);
/// The names of what is known of one of the runs: what every run has, columns, figures of the whole validation split,
/// keys.
std::vector<std::string> fact_names(const std::vector<NamedRun>& runs);
/// All keys of a run's config by their names; null where it cannot be understood.
nlohmann::ordered_json config_json(const NamedRun& run);
/// Errors (UsageError): `name` is none of these; the nearest is told.
void check_fact(const std::string& part, const std::string& name, const std::vector<NamedRun>& runs);
/// A fact as a person reads it; empty: null.
std::string fact_text(const std::string& name, const nlohmann::json& fact);

}  // namespace heddle
