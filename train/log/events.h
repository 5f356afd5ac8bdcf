#pragma once

#include <filesystem>
#include <string>

#include "train/metric.h"

namespace heddle {

/// A row of a run's measurements: the steps since the last row, and an evaluation where there was one.
struct RunRow {
  std::int64_t step = 0, steps = 0;  ///< steps done, and of how many
  double epoch = -1;                 ///< passes over the data so far; negative where the run does not count them
  double seconds_left = 0;           ///< of training, as it went so far
  double train_loss = 0;             ///< mean of the steps since the last row, in nats a target
  double lr = 0;
  Metrics learner;                                     ///< of the last step: the gradients' norm
  double inputs_per_second = 0, flops_per_second = 0;  ///< since the last row, without evaluations
  const char* inputs = "";                             ///< what is counted a second
  Metrics evaluation;                                  ///< of the validation split, the loss first; none: not evaluated
};

/// What happens in a run. Who writes it down somewhere (the console, files, later TensorBoard or a report) derives from
/// this; a run tells each in turn.
class RunListener {
 public:
  virtual ~RunListener() = default;
  /// The run begins, or goes on; a file of figures is to hold what the checkpoint holds, and no more.
  virtual void on_begin() {}
  /// Something that a person wants to know, a line or more.
  virtual void on_message(const std::string& /*text*/) {}
  /// How far something is that takes long.
  virtual void on_progress(const std::string& /*text*/) {}
  /// A step was made; the row is not over yet.
  virtual void on_step(const RunRow&) {}
  virtual void on_row(const RunRow&) {}
  virtual void on_sample(std::int64_t /*step*/, const std::string& /*text*/) {}
  virtual void on_checkpoint(const std::filesystem::path&) {}
  /// The run is over: complete, stopped early or by a signal.
  virtual void on_end() {}
};

}  // namespace heddle
