#pragma once

#include <memory>
#include <unordered_map>

#include "framework/autograd.h"
#include "framework/optim.h"
#include "train/learners/exchange.h"
#include "train/learners/learner.h"
#include "train/learners/spikes.h"

namespace heddle {

/// Learning by gradients: backward through the model, then an optimizer's step. The keys of [optim] beside the learning
/// rate's, and those of [train] that say how gradients are computed.
struct GradientConfig final : LearnerConfig {
  OptimConfig optim;
  std::int64_t accumulate = 1;
  bool recompute = false, shard_optimizer = false;
  std::vector<std::string> freeze;  ///< patterns of parameters that stay as they are
  OnSpike on_spike = OnSpike::none;
  double spike_z = 6;  ///< from which SpikeWindow::scores on a step is a spike

  std::vector<Key> optim_keys() override { return optim.keys(); }
  std::vector<Key> train_keys() override;
  index_t micro_batches() const override { return accumulate; }
  bool accumulates() const override { return true; }
  bool averages_weights() const override { return optim.ema_decay > 0; }
  /// Errors: as GradientLearner's.
  MemoryEstimate lasting_memory(Model& model, Precision precision) const override;
  std::unique_ptr<Learner> make(Model& model, const Rng& rng, Precision precision) const override;
};

/// The loss of a step is the mean over the targets of all its micro-batches, so a step is the same, to rounding,
/// however its rows are cut into micro-batches. Of several ranks each takes as many of them, in order; the bits are
/// those of one.
class GradientLearner final : public Learner {
 public:
  /// Errors: a pattern of config.freeze that no parameter fits; none that is left to learn; micro-batches that cannot
  /// be dealt out evenly to the ranks.
  GradientLearner(const GradientConfig& config, Model& model, const Rng& rng, Precision precision);

  /// Where something is not finite, the first op whose result or gradient was not is named. A step that is skipped
  /// (train.on_spike) leaves weights, moments and averages as they were, and the next rows begin without states.
  /// Errors: a spike, where that stops the run; SpikeWindow::kMostInARow skipped steps in a row.
  StepResult step(const Feed& feed, index_t step, double lr) override;
  MemoryEstimate lasting_memory() const override;
  /// From what steps with one, two, four ... rows take, as long as those are small: what the last row of them adds is
  /// taken times the rest.
  MemoryEstimate estimate_memory(const Feed& feed, index_t rows) override;
  /// Errors: those of the model's loss.
  std::vector<std::string> notices(const Feed& feed) override;
  void swap_average() override;
  void gather_state() override;
  void part_state() override;
  ExchangeWork exchange_work() const override;
  void save(Hdf5OArchive& ar) override;
  void load(Hdf5IArchive& ar) override;

 private:
  /// What the tensors of a step with `rows` rows take beside parameters and moments: by the graph before backward; at
  /// most in forward, and in backward.
  struct StepMemory {
    index_t rows;
    double held, forward, backward;
  };
  StepMemory measure_memory(const Batch& batch);
  /// What one gradient of each parameter that learns takes.
  double gradient_bytes() const;
  /// The most that a step with `rows` rows has at one time, by the steps measured so far.
  double expected_peak(index_t rows) const;
  Context context_of(const Batch& batch) const;
  /// Forward and backward of one micro-batch; returns its part of the step's loss. `carried` are the states that its
  /// rows begin with, and then those that they end in.
  double differentiate(const Batch& batch, index_t divisor, RowStates& carried, const OnLeaf& on_leaf = {});
  /// This rank's micro-batches of a step; adds up the inputs and flops of all, and returns their targets.
  index_t draw(const Feed& feed, index_t step, std::vector<Batch>& batches, StepResult& result) const;
  /// Gives all ranks the weights that each has moved.
  void spread_moved();
  /// Computes the gradients of a step and returns its loss.
  double sum_gradients(const std::vector<Batch>& batches, index_t targets, std::vector<RowStates>& states);
  /// The states that the rows of this rank's micro-batches of a step begin with.
  std::vector<RowStates> first_states(const std::vector<Batch>& batches) const;
  /// Repeats a step that was not finite with every op checked, and says what it finds.
  std::string explain_failure(const std::vector<Batch>& batches, index_t divisor);
  /// What is wrong with a step, with its figures; empty: nothing.
  std::string find_spike(const std::vector<Batch>& batches, index_t divisor, double loss, double norm);
  /// What a row of a run's history has of a step.
  Metrics step_metrics(double norm) const;
  /// Leaves a step out, or throws.
  void skip_step(StepResult& result, double norm, const std::string& what);

  GradientConfig config_;
  Model& model_;
  Rng rng_;
  Precision precision_;
  std::vector<NamedParameter> parameters_, learning_;
  std::unordered_map<const Node*, std::size_t> numbers_;  ///< of those that learn
  index_t first_, own_;                                   ///< this rank's micro-batches of a step
  Shares shares_;                                         ///< of the ranks, of those that learn
  bool sharded_;
  Optimizer optimizer_;
  std::unique_ptr<GradientExchange> exchange_;  ///< with other ranks, where there are any
  ExchangeWork spread_;                         ///< of weights
  std::vector<RowStates> carried_;  ///< of each micro-batch, where the next step's rows go on from the last one's
  SpikeWindow spikes_;
  std::vector<StepMemory> measured_;  ///< of one row, and of more, once they were asked for
};

}  // namespace heddle
