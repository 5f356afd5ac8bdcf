#pragma once

#include <nlohmann/json.hpp>

#include "train/run/checkpoint.h"

/// What the parts of `heddle inspect` find, as their --json prints it: for the page, which shows the same figures.
namespace heddle {

/// Roles of all heads on `tokens` tokens that validate, beside heads that weigh all alike and the untrained model's;
/// with `ablate`, what the loss loses without each.
nlohmann::json heads_answer(const LoadedRun& run, const Dataset& dataset, index_t tokens, bool ablate);

}  // namespace heddle
