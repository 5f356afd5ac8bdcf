#pragma once

#include <filesystem>

#include "data/ngram.h"
#include "train/checkpoint.h"
#include "train/progress.h"
#include "train/trainer.h"

namespace heddle {

/// One sitting of a run, from where it stands to its last step, its early stop or a signal: steps, evaluations, samples,
/// log, metrics and checkpoints in the run's folder. `heddle train` and `heddle resume` both come here.
class Session {
 public:
  /// `state` is where the run stands; the folder must exist.
  Session(Experiment& experiment, const Corpus& corpus, Model& model, RunState state);

  Optimizer& optimizer() { return trainer_.optimizer(); }
  /// Trains. Errors: a loss that is not finite, a file that cannot be written; the last good checkpoint stays.
  void run();

 private:
  void introduce();
  void evaluate(bool whole);
  void report_step(const StepResult& result);
  void end_of_row(double val_loss);
  void write_sample();
  void save(const char* name);
  void conclude(bool stopped);
  std::string loss_text(double nats) const;

  Experiment& experiment_;
  const Corpus& corpus_;
  Model& model_;
  RunState state_;
  Trainer trainer_;
  std::filesystem::path folder_;
  Reporter reporter_;
  Baselines baselines_;

  // Since the last row of the history.
  double loss_sum_ = 0, row_seconds_ = 0;
  index_t row_steps_ = 0;
  double session_seconds_ = 0;  ///< of steps, in this sitting
  index_t session_steps_ = 0;
  StepResult last_;
};

}  // namespace heddle
