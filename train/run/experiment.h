#pragma once

#include <memory>
#include <string>
#include <vector>

#include "data/text/corpus.h"
#include "framework/optim.h"
#include "models/model.h"
#include "train/run/config.h"

namespace heddle {

struct RunConfig {
  std::string name = "run", dir, precision = "auto";
  std::int64_t seed = 1, threads = 0;
  bool pin = false, overwrite = false;

  std::vector<Key> keys();
};

struct TrainConfig {
  std::int64_t steps = 1000, batch_size = 12, accumulate = 1;
  double epochs = 0;
  std::int64_t eval_interval = 250, eval_batches = 20, checkpoint_interval = 250, early_stop = 0;
  std::int64_t log_interval = 100, sample_interval = 0, sample_tokens = 200;
  bool recompute = false;
  double memory_limit = 0;  // GB

  std::vector<Key> keys();
};

/// Everything that a run is decided by: the resolved config.
class Experiment {
 public:
  /// Errors: as Settings::apply_to; a name that is none.
  explicit Experiment(const Settings& settings);

  /// The one list of all keys, for reading, dumping, --help and the comparison on resume. Its entries point into this.
  std::vector<Section> sections();
  /// The random numbers of this run.
  Rng rng() const { return Rng(static_cast<std::uint64_t>(run.seed)); }
  /// The run's folder: run.dir, or runs/NAME.
  std::string folder() const { return run.dir.empty() ? "runs/" + run.name : run.dir; }
  /// Sets what holds for the whole process: threads and precision. Errors: a precision that the processor lacks is
  /// none; it is only slow.
  void apply_to_process() const;
  /// `train` with steps and eval_interval counted out, where they depend on the text.
  TrainConfig plan(index_t training_tokens) const;
  /// The model with its first weights.
  std::unique_ptr<Model> build_model(const Tokenizer& tokenizer) const;

  RunConfig run;
  DataConfig data;
  std::string model_kind = "gpt";
  std::unique_ptr<ModelConfig> model;
  OptimConfig optim;
  TrainConfig train;
};

}  // namespace heddle
