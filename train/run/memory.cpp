#include "train/run/memory.h"

#include "framework/format.h"
#include "framework/system/ranks.h"
#include "framework/system/resources.h"
#include "framework/tensor.h"

namespace heddle {

MemoryLimit memory_limit(const TrainConfig& train) {
  if (train.memory_limit > 0)
    return {train.memory_limit * 1e9, concat_text("train.memory_limit = ", train.memory_limit, " GB")};
  const Resource free = free_memory();
  const std::string shared = local_ranks() > 1 ? concat_text(" for ", local_ranks(), " processes") : "";
  return {free.amount / local_ranks() + static_cast<double>(pool_stats().bytes_reserved),
          free.source + shared + " (train.memory_limit = GB goes by that instead)"};
}

void check_lasting_memory(const MemoryLimit& limit, const MemoryEstimate& lasting) {
  ensure(lasting.total() <= limit.bytes, limit.text, ", but parameters, gradients and optimizer alone take ",
         human_bytes(lasting.total()), "; choose a smaller model");
}

namespace {

/// Errors: a model whose parameters have sizes alone would take more than there is.
void check_counted(const Experiment& experiment, Model& counted) {
  check_lasting_memory(memory_limit(experiment.train),
                       experiment.learner->lasting_memory(counted, experiment.precision()));
}

}  // namespace

void check_sizes(const Experiment& experiment, const DataSpec& spec) {
  check_counted(experiment, *experiment.model->build(spec, Initializer::counting()));
}

void check_least_sizes(const Experiment& experiment) {
  DataSpec least;
  least.tokens.resize(1);
  least.token_counts.assign(1, 1);
  least.labels.resize(2);
  std::unique_ptr<Model> counted;
  try {
    counted = experiment.model->build(least, Initializer::counting());
  } catch (const Error&) {  // it is for the data to say what is wrong
    return;
  }
  check_counted(experiment, *counted);
}

}  // namespace heddle
