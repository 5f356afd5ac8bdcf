#pragma once

#include <nlohmann/json.hpp>

#include "train/run/checkpoint.h"

/// What the parts of `heddle inspect` print with --json, for who shows the same figures elsewhere.
namespace heddle {

nlohmann::json circuits_answer(const LoadedRun& run, std::int64_t pairs = 5, std::int64_t seed = 1);

/// What `inspect lens` is asked: what the model is shown, and at which place for which token; empty: see its help.
struct LensQuestion {
  std::string text, target, word, token;
  std::int64_t count = 5;
};
nlohmann::json lens_answer(const LoadedRun& run, const LensQuestion& question);

}  // namespace heddle
