#pragma once

#include <nlohmann/json.hpp>

#include "train/run/checkpoint.h"

/// What the parts of `heddle inspect` find, as their --json prints it: for the page, which shows the same figures.
namespace heddle {

/// Roles of all heads on `tokens` tokens that validate, beside heads that weigh all alike and the untrained model's;
/// with `ablate`, what the loss loses without each.
nlohmann::json heads_answer(const LoadedRun& run, std::int64_t tokens, bool ablate);

nlohmann::json circuits_answer(const LoadedRun& run, std::int64_t pairs = 5, std::int64_t seed = 1);

/// What `inspect lens` is asked: what the model is shown, and at which place for which token; empty: see its help.
struct LensQuestion {
  std::string text, target, word, token;
  std::int64_t count = 5;
};
nlohmann::json lens_answer(const LoadedRun& run, const LensQuestion& question);

nlohmann::json geometry_answer(const LoadedRun& run, std::int64_t tokens = 8192, std::int64_t seed = 1);
nlohmann::json geometry_laws_answer(double angle = 80, std::int64_t seed = 1);

}  // namespace heddle
