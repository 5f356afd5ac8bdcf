#pragma once

#include <span>

#include "data/corpus.h"
#include "framework/optim.h"
#include "models/model.h"
#include "train/experiment.h"

namespace heddle {

/// What one optimizer step did.
struct StepResult {
  double loss = 0;  ///< mean over the step's tokens, in nats, before the update
  double lr = 0;
  double grad_norm = 0;  ///< before clipping
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

  /// Mean loss a token of the validation split, in nats, over train.eval_batches batches of windows spread evenly over
  /// the split, or over every token if `whole` or if eval_batches is 0.
  double evaluate(bool whole = false) const;

  /// What a step is expected to take at most. Activations are measured in forward passes with one row and with two:
  /// what the second row adds is taken times the batch. Backward frees them as gradients come, so the sum is a little
  /// high.
  MemoryEstimate estimate_memory() const;

  Optimizer& optimizer() { return optimizer_; }
  index_t tokens_per_step() const;

 private:
  /// Forward and backward of one of the step's micro-batches; returns its mean loss.
  double accumulate_gradients(index_t step, index_t micro);
  /// Repeats the failed step with every op checked, and throws what it finds.
  [[noreturn]] void explain_failure(index_t step, double loss, double grad_norm);

  const Experiment& experiment_;
  const Corpus& corpus_;
  Model& model_;
  std::vector<NamedTensor> parameters_;
  Optimizer optimizer_;
  Rng data_rng_, dropout_rng_;
};

/// Mean loss a token, in nats, over `batches` batches of `rows` windows spread evenly over `tokens`; 0: every token
/// once.
double evaluate_loss(Model& model, const Tokens& tokens, index_t rows, index_t batches);

}  // namespace heddle
