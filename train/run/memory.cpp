#include "train/run/memory.h"

#include "framework/format.h"
#include "framework/system/resources.h"
#include "framework/tensor.h"

namespace heddle {

MemoryLimit memory_limit(const TrainConfig& train) {
  if (train.memory_limit > 0)
    return {train.memory_limit * 1e9, concat_text("train.memory_limit = ", train.memory_limit, " GB")};
  const Resource free = free_memory();
  return {free.amount + static_cast<double>(pool_stats().bytes_reserved),
          free.source + " (train.memory_limit = GB goes by that instead)"};
}

void check_lasting_memory(const MemoryLimit& limit, const MemoryEstimate& lasting) {
  ensure(lasting.total() <= limit.bytes, limit.text, ", but parameters, gradients and optimizer alone take ",
         human_bytes(lasting.total()), "; choose a smaller model");
}

void check_sizes(const Experiment& experiment, const DataSpec& spec) {
  const auto counted = experiment.model->build(spec, Initializer::counting());
  check_lasting_memory(memory_limit(experiment.train),
                       experiment.learner->lasting_memory(*counted, experiment.precision()));
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
  check_lasting_memory(memory_limit(experiment.train),
                       experiment.learner->lasting_memory(*counted, experiment.precision()));
}

}  // namespace heddle
