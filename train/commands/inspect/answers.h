#pragma once

#include <nlohmann/json.hpp>

#include "train/run/checkpoint.h"

/// What the parts of `heddle inspect` print with --json, for who shows the same figures elsewhere.
namespace heddle {

nlohmann::json geometry_answer(const LoadedRun& run, std::int64_t tokens = 8192, std::int64_t seed = 1);
nlohmann::json geometry_laws_answer(double angle = 80, std::int64_t seed = 1);

}  // namespace heddle
