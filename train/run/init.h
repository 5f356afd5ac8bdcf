#pragma once

#include <string>
#include <vector>

#include "train/run/checkpoint.h"

namespace heddle {

/// What a model begins with of another run's.
struct Taken {
  CheckpointName from;
  index_t parameters = 0, all_parameters = 0;  ///< how many were taken, of how many that the model has
  index_t numbers = 0, all_numbers = 0;        ///< their elements
  std::string tokenizer{};                     ///< the taken one, in words; empty: none was
  std::vector<std::string> anew{};             ///< what was not taken, a group each: "classifier/*"

  std::string text() const;  ///< a line for the log
};

/// Copies each of the run's parameters into the model's that has its name and shape; of a run that keeps averages, it
/// is those. A layer whose rows stand for tokens or classes begins anew where `data`, the model's, numbers others.
/// Errors: nothing fits.
Taken take_weights(const LoadedRun& from, Model& model, const DataState& data);

}  // namespace heddle
