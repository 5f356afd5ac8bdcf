#pragma once

#include <span>

#include "data/text/corpus.h"
#include "framework/optim.h"
#include "models/model.h"
#include "train/run/experiment.h"

namespace heddle {

/// What one optimizer step did.
struct StepResult {
  double loss = 0;  ///< mean over the step's tokens, in nats, before the update
  double lr = 0;
  double grad_norm = 0;  ///< before clipping
};

/// While one of these lives, the weights are their averages, where an optimizer keeps those.
class AveragedWeights {
 public:
  explicit AveragedWeights(Optimizer& optimizer) : optimizer_(optimizer) { optimizer_.swap_average(); }
  ~AveragedWeights() { optimizer_.swap_average(); }
  AveragedWeights(const AveragedWeights&) = delete;
  AveragedWeights& operator=(const AveragedWeights&) = delete;

 private:
  Optimizer& optimizer_;
};

/// Memory that training takes, in bytes.
struct MemoryEstimate {
  double parameters = 0, gradients = 0, optimizer = 0, activations = 0;
  double total() const { return parameters + gradients + optimizer + activations; }
};

/// Optimizer steps and evaluations of one experiment. A step is a pure function of the weights, the moments, the seed
/// and the step's number, which is why a resumed run continues with the same bits. Prints nothing and writes no file.
class Trainer {
 public:
  Trainer(const Experiment& experiment, const Corpus& corpus, Model& model);

  /// Step number `step`, from 0. Errors: a loss or gradient that is not finite; then no weight has changed, and the
  /// first op whose result or gradient was not finite is named.
  StepResult step(index_t step);

  /// Mean loss a token of the validation split, with the averaged weights where the optimizer keeps those, in nats,
  /// over train.eval_batches batches of windows spread evenly over the split, or over every token if `whole` or if
  /// eval_batches is 0.
  double evaluate(bool whole = false);

  /// What a step with `rows` windows in a pass is expected to take at most, from what steps with one and, for
  /// more than that, with two take: what the second adds is taken times the rest. Of what gradients and activations
  /// take together at any one time, activations are the part beyond all gradients.
  MemoryEstimate estimate_memory(index_t rows);
  MemoryEstimate estimate_memory() { return estimate_memory(experiment_.train.batch_size); }
  /// Errors: train.memory_limit is below the estimate; says what would fit.
  void check_memory_limit();

  Optimizer& optimizer() { return optimizer_; }
  const TrainConfig& plan() const { return plan_; }
  index_t tokens_per_step() const;

 private:
  /// What the tensors of a step with `rows` windows take beside parameters and moments: by the graph before backward;
  /// at most in forward, and in backward.
  struct StepMemory {
    double held, forward, backward;
  };
  StepMemory measure_memory(index_t rows);
  /// What is there from the first step to the last, whatever the batch.
  MemoryEstimate lasting_memory() const;
  /// Of pass number `pass` over a batch, from 0.
  Context training_context(index_t pass) const;
  Batch training_batch(index_t pass, index_t rows) const;
  /// Forward and backward of one of the step's micro-batches; returns its mean loss.
  double accumulate_gradients(index_t step, index_t micro);
  /// Repeats the failed step with every op checked, and throws what it finds.
  [[noreturn]] void explain_failure(index_t step, double loss, double grad_norm);

  const Experiment& experiment_;
  const Corpus& corpus_;
  Model& model_;
  TrainConfig plan_;
  std::vector<NamedTensor> parameters_;
  Optimizer optimizer_;
  Rng data_rng_, dropout_rng_;
  std::vector<StepMemory> measured_;  ///< of one window and of two, once they were asked for
};

/// Mean loss a token, in nats, over `batches` batches of `rows` windows spread evenly over `tokens`; 0: every token
/// once.
double evaluate_loss(Model& model, const Tokens& tokens, index_t rows, index_t batches);

}  // namespace heddle
