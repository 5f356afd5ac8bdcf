#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "framework/archive/archive.h"
#include "framework/keys.h"
#include "models/model.h"
#include "train/learners/feed.h"
#include "train/metric.h"

namespace heddle {

/// What one step did.
struct StepResult {
  double loss = 0;  ///< mean over the step's targets, in nats, before the update; NaN if there was neither
  Metrics more{};   ///< what else the learner measured, such as the gradients' norm
  double inputs = 0, flops = 0;
  std::string event{};  ///< what a person should know of this step; empty: nothing
};

/// What a learner sent to other ranks so far, how long that took, and how long it waited for it.
struct ExchangeWork {
  double bytes = 0, seconds = 0, waited = 0;
};

/// Memory that training takes, in bytes.
struct MemoryEstimate {
  double parameters = 0, gradients = 0, optimizer = 0, activations = 0;
  double gathered = 0;  ///< what a checkpoint holds of other processes, while it is written or read, between steps
  double total() const { return parameters + optimizer + std::max(gradients + activations, gathered); }
};

/// Changes a model's weights, step by step, and keeps what it needs for that. A step is a pure function of the weights,
/// what is kept, the seed and the step's number, so a resumed run goes on with the same bits.
class Learner {
 public:
  virtual ~Learner() = default;

  /// Step number `step`, from 0. Errors: a loss or gradient that is not finite; then no weight has changed.
  virtual StepResult step(const Feed& feed, index_t step, double lr) = 0;

  /// What is there from the first step to the last, whatever the batch.
  virtual MemoryEstimate lasting_memory() const = 0;
  /// What a step with `rows` rows in a micro-batch is expected to take at most. Of what gradients and activations take
  /// together at any one time, activations are the part beyond all gradients.
  virtual MemoryEstimate estimate_memory(const Feed& feed, index_t rows) = 0;

  /// What a person should know of how it learns from this feed, a line each.
  virtual std::vector<std::string> notices(const Feed&) { return {}; }

  /// What it sent of what it learned; nothing with one rank.
  virtual ExchangeWork exchange_work() const { return {}; }

  /// Exchanges the weights with their averages, where those are kept; done twice, all is as it was. All ranks do it.
  virtual void swap_average() {}
  /// Gives rank 0 all that a checkpoint keeps, where ranks share it out, and takes it apart again. All ranks do both.
  virtual void gather_state() {}
  virtual void part_state() {}
  /// What a checkpoint keeps of it, while rank 0 has all of it and the weights are exchanged with their averages.
  virtual void save(Hdf5OArchive&) {}
  /// Reads that, and exchanges the weights with their averages; ranks do not wait for each other.
  virtual void load(Hdf5IArchive&) {}
};

/// RAII guard: within its scope the weights are their averages, where a learner keeps those.
class AveragedWeights {
 public:
  explicit AveragedWeights(Learner& learner) : learner_(learner) { learner_.swap_average(); }
  ~AveragedWeights() noexcept(false) { learner_.swap_average(); }  // where ranks share them, another may have failed
  AveragedWeights(const AveragedWeights&) = delete;
  AveragedWeights& operator=(const AveragedWeights&) = delete;

 private:
  Learner& learner_;
};

/// RAII guard: within its scope rank 0 has all that a checkpoint keeps of a learner.
class GatheredState {
 public:
  explicit GatheredState(Learner& learner) : learner_(learner) { learner_.gather_state(); }
  ~GatheredState() noexcept(false) { learner_.part_state(); }
  GatheredState(const GatheredState&) = delete;
  GatheredState& operator=(const GatheredState&) = delete;

 private:
  Learner& learner_;
};

/// The settings of one kind of learner, beside those of the learning rate, which every learner has.
class LearnerConfig {
 public:
  virtual ~LearnerConfig() = default;
  virtual std::vector<Key> optim_keys() { return {}; }  ///< in [optim]
  virtual std::vector<Key> train_keys() { return {}; }  ///< in [train]
  virtual index_t micro_batches() const { return 1; }
  /// Whether train.accumulate makes a step of several micro-batches, and train.recompute saves memory.
  virtual bool accumulates() const { return false; }
  /// Whether it keeps averages of the weights (see Learner::swap_average).
  virtual bool averages_weights() const { return false; }
  /// What is there from the first step to the last (Learner::lasting_memory), from a model's sizes alone: its
  /// parameters need no elements.
  virtual MemoryEstimate lasting_memory(Model& model, Precision precision) const = 0;
  /// `rng` decides dropout and what else is drawn in steps; `precision` is that of products.
  virtual std::unique_ptr<Learner> make(Model& model, const Rng& rng, Precision precision) const = 0;
};

}  // namespace heddle
