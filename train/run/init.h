#pragma once

#include <memory>
#include <string>
#include <vector>

#include "train/run/checkpoint.h"

namespace heddle {

/// The run that run.init names, by its best checkpoint; null: it names none. Errors: as load_checkpoint.
std::unique_ptr<LoadedRun> run_to_begin_with(const Experiment& experiment);

/// What a model begins with of another run's.
struct Taken {
  CheckpointName from;
  index_t parameters = 0, all_parameters = 0;  ///< how many were taken, of how many that the model has
  index_t numbers = 0, all_numbers = 0;        ///< their elements
  std::string reading{};            ///< how the data is read as the other run's was, in words; empty: it is not
  std::vector<std::string> anew{};  ///< what was not taken, a group each: "classifier/*"

  std::string text() const;  ///< a line for the log
};

/// Copies the run's parameters into the model's layers whose parameters have its names and shapes; of a run that keeps
/// averages, it is those. A layer begins anew whole: where one of its parameters has another shape, or stands for
/// tokens or classes (its size follows their number) and `data`, the model's, numbers others. Errors: nothing fits.
Taken take_weights(const LoadedRun& from, Model& model, const DataState& data);

}  // namespace heddle
