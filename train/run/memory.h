#pragma once

#include <string>

#include "train/run/experiment.h"

namespace heddle {

/// What training may take, and what says so, to begin a message with.
struct MemoryLimit {
  double bytes = 0;
  std::string text{};
};

/// train.memory_limit, or where that is 0 what the machine, its control group and ulimit leave this process, what its
/// tensors hold already counted in.
MemoryLimit memory_limit(const TrainConfig& train);

/// Errors: what is there from the first step to the last takes more.
void check_lasting_memory(const MemoryLimit& limit, const MemoryEstimate& lasting);

/// The same from the model's sizes alone, before any weight is made.
void check_sizes(const Experiment& experiment, const DataSpec& spec);
/// The same before any data is read: with a vocabulary of one token, or two classes, it would be too much already.
/// Where the model's sizes follow other sizes of the data, nothing is said yet.
void check_least_sizes(const Experiment& experiment);

}  // namespace heddle
