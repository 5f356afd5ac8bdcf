#pragma once

#include <nlohmann/json.hpp>

#include "train/commands/inspect/inspect_command.h"
#include "train/run/checkpoint.h"

/// What the parts of `heddle inspect` find, as their --json prints it: for the page, which shows the same figures.
namespace heddle {

/// Roles of all heads on `tokens` tokens that validate, beside heads that weigh all alike and the untrained model's;
/// with `ablate`, how much the loss rises without each.
nlohmann::json heads_answer(const LoadedRun& run, const Dataset& dataset, std::int64_t tokens, bool ablate);

nlohmann::json circuits_answer(const LoadedRun& run, std::int64_t pairs = 5, std::int64_t seed = 1);

/// Of what the model predicts at a place of an example, `count` tokens by layer.
nlohmann::json lens_answer(const LoadedRun& run, const InspectedExample& example, index_t place,
                           std::int64_t count = 5);

nlohmann::json geometry_answer(const LoadedRun& run, const Dataset& dataset, std::int64_t tokens = kInspectedTokens,
                               std::int64_t seed = 1);
nlohmann::json geometry_laws_answer(double angle = 80, std::int64_t seed = 1);

}  // namespace heddle
