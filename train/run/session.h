#pragma once

#include <filesystem>
#include <memory>
#include <vector>

#include "train/log/events.h"
#include "train/run/checkpoint.h"
#include "train/run/folder/result.h"
#include "train/run/trainer.h"

namespace heddle {

/// What has been trained so far, and what with; all must live as long as the session.
struct SessionParts {
  const Experiment& experiment;
  const Dataset& dataset;
  Model& model;
  Learner& learner;
};

/// A run, from where it stands to its last step, its early stop or a signal: steps, evaluations, samples and
/// checkpoints, of which it tells its listeners. `heddle train` and `heddle resume` both come here. Of several ranks
/// each runs one, and all do the same; that of rank 0 writes, and decides what files and clocks say.
class Session {
 public:
  /// `state` is where the run stands; the folder must exist when it runs.
  Session(const SessionParts& parts, RunState state, std::filesystem::path folder);

  Trainer& trainer() { return trainer_; }
  const RunState& state() const { return state_; }
  /// Steps are measured by op, and a table of it ends the log.
  void profile_steps() { profiled_ = true; }
  /// What a person should know of where the run begins or goes on from, for the log; nothing, if it is empty.
  void note(const std::string& text) {
    if (!text.empty()) notes_.push_back(text);
  }
  /// The run goes on from a checkpoint; what computes otherwise than it did there is told.
  void on_resume(const Origin& before) {
    for (const std::string& difference : before.differences(Origin::here(parts_.experiment))) note(difference);
  }
  /// Trains; `more` are told beside console, metrics.csv and samples.txt, which are rank 0's. False: a signal stopped
  /// it, and it is saved. Errors: a loss that is not finite, a file that cannot be written; the last good checkpoint
  /// stays.
  bool run(std::vector<std::unique_ptr<RunListener>> more = {});

 private:
  template <class Call>
  void tell(const Call& call) {
    for (const auto& listener : listeners_) call(*listener);
  }
  void message(const std::string& text) {
    tell([&](RunListener& to) { to.on_message(text); });
  }
  /// Says what will be trained, on what, with how much memory, and what the baselines reach.
  void introduce();
  /// The checkpoints of a kind that the folder holds.
  std::map<std::int64_t, std::filesystem::path> kept(Kept kind) const;
  /// Whether a signal asks for a stop, and the clock for a checkpoint: of one rank is enough.
  void ask();
  /// Steps until the end or a signal; true if it ended early.
  bool train();
  /// Evaluates, ends the row with it, and keeps the model as best.h5 if it is the best so far.
  void evaluate();
  /// Ends the row: into the history, and to the listeners.
  void end_row(const Metrics& evaluation = {});
  /// The row so far.
  RunRow row() const;
  /// What cannot be written is told, and ends no run.
  void write_sample();
  /// Writes a checkpoint; where it is `kept`, under that name first, so that what comes after `name` finds both. When
  /// last.h5 is written, the clock and signals decide too, so nothing else depends on that.
  void save(const std::string& name, const std::string& kept = "");
  /// Writes best.h5, if the evaluation that ended the history's last row is the `best` so far, and keeps the
  /// train.keep_best checkpoints of the lowest figures in the history's column `loss`.
  void save_best(const std::string& loss, bool best);
  /// Where a run goes on that died between two of the files that it keeps, does what was left to do.
  void mend_kept();
  /// Of the checkpoints that steps decide, last.h5 being one of them, keeps the last train.keep_last.
  void leave_last();
  /// Takes the mean weights of the last train.average_last checkpoints where they judge better than the last's, and
  /// keeps them as best.h5 where they are the best so far.
  void average_last();
  /// Final evaluation, comparison with the baselines, summary; writes result.json.
  void finish(bool early);
  /// The figures of the model that best.h5 holds, which is another than the last.
  void judge_best(RunResult& result);

  SessionParts parts_;
  RunState state_;
  Trainer trainer_;
  std::filesystem::path folder_;
  std::vector<std::unique_ptr<RunListener>> listeners_;
  std::vector<std::string> notes_;
  bool profiled_ = false;

  StepResult last_;
  int signal_ = 0;            ///< that asks for a stop
  bool save_is_due_ = false;  ///< by the clock
  double started_ = 0;        ///< when this session's first step began
  double saved_ = 0;          ///< when last.h5 was written last, or that
  index_t session_steps_ = 0;
};

}  // namespace heddle
