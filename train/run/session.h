#pragma once

#include <filesystem>

#include "data/text/ngram.h"
#include "train/run/checkpoint.h"
#include "train/run/progress.h"
#include "train/run/trainer.h"

namespace heddle {

/// One sitting of a run, from where it stands to its last step, its early stop or a signal: steps, evaluations,
/// samples, log, metrics and checkpoints in the run's folder. `heddle train` and `heddle resume` both come here.
class Session {
 public:
  /// `state` is where the run stands; the folder must exist.
  Session(Experiment& experiment, const Corpus& corpus, Model& model, RunState state);

  Optimizer& optimizer() { return trainer_.optimizer(); }
  /// Errors: what is expected to take more memory than it may.
  void check_memory_limit() { trainer_.check_memory_limit(); }
  /// Steps are measured by op, and a table of it ends the log.
  void profile_steps() { profiled_ = true; }
  /// Trains. Errors: a loss that is not finite, a file that cannot be written; the last good checkpoint stays.
  void run();

 private:
  /// Says what will be trained, on what, with how much memory, and what counting alone reaches.
  void introduce();
  /// Evaluates, ends the row with it, and keeps the model as best.h5 if it is the best so far.
  void evaluate();
  /// Puts what happened since the last row into the history, metrics.csv and the log.
  void end_row(double val_loss);
  void write_sample();
  void save(const char* name);
  /// The last words of a run that is complete.
  void conclude(bool early);
  /// "step 3/10  eta 10s  train 2.31 ..." of the steps since the last row.
  std::string status() const;
  /// What a loss is a mean of.
  const char* unit() const { return model_.predicts_next_token() ? "token" : "pair"; }
  /// What counting alone reaches, for the log; fills the yardsticks.
  std::string count();
  /// "2.31 nats a token, 3.33 bits a character, 3.32 bits a byte"
  std::string loss_text(double nats) const;

  Experiment& experiment_;
  const Corpus& corpus_;
  Model& model_;
  RunState state_;
  Trainer trainer_;
  std::filesystem::path folder_;
  Reporter reporter_;
  std::vector<Yardstick> yardsticks_;
  bool profiled_ = false;

  StepResult last_;
  double row_loss_ = 0, row_seconds_ = 0;  ///< sums over the steps since the last row
  index_t row_steps_ = 0;
  double started_ = 0;  ///< when this sitting's first step began
  index_t session_steps_ = 0;
};

}  // namespace heddle
