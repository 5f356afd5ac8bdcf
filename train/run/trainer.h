#pragma once

#include <memory>

#include "train/run/experiment.h"
#include "train/tasks/task.h"

namespace heddle {

/// Steps and evaluations of one experiment: joins dataset, model, task and learner, and knows no kind of any. Prints
/// nothing and writes no file.
class Trainer {
 public:
  /// All must live as long as this. Errors: those of make_sampler.
  Trainer(const Experiment& experiment, const Dataset& dataset, Model& model, Learner& learner);

  /// Step number `step`, from 0. Errors: those of Learner::step.
  StepResult step(index_t step) { return learner_.step(*feed_, step, learning_rate(step)); }
  double learning_rate(index_t step) const { return heddle::learning_rate(experiment_.schedule, step, plan_.steps); }

  /// Figures of the validation split with the averaged weights, where the learner keeps those: of train.eval_batches
  /// batches spread evenly over it, or of all of it if `whole` or if eval_batches is 0.
  Metrics evaluate(bool whole = false);

  /// What a step with `rows` rows in a micro-batch is expected to take at most.
  MemoryEstimate estimate_memory(index_t rows) { return learner_.estimate_memory(*feed_, rows); }
  MemoryEstimate estimate_memory() { return estimate_memory(experiment_.train.batch_size); }
  /// What a person should know of how the model learns from this data in this order, a line each.
  std::vector<std::string> notices() { return learner_.notices(*feed_); }
  /// Errors: the estimate is above train.memory_limit, or without that above what the system leaves; says what would
  /// fit.
  void check_memory_limit();

  const TrainConfig& plan() const { return plan_; }
  const Feed& feed() const { return *feed_; }
  const Task& task() const { return *task_; }
  Precision precision() const { return experiment_.precision(); }

 private:
  const Experiment& experiment_;
  const Dataset& dataset_;
  Model& model_;
  Learner& learner_;
  std::unique_ptr<Task> task_;
  std::unique_ptr<Feed> feed_;
  TrainConfig plan_;
};

/// A model's figures of all of a split, those among them that take long.
Metrics judge(const Experiment& experiment, Model& model, const Dataset& dataset, Split split);

}  // namespace heddle
