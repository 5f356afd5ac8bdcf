#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "framework/archive/archive.h"
#include "train/run/experiment.h"
#include "train/run/metrics.h"

namespace heddle {

/// Where a run stands, beside its weights and moments.
struct RunState {
  std::int64_t step = 0;         ///< steps done
  double best_val_loss = 1e300;  ///< lowest validation loss so far, in nats a token
  std::int64_t evaluations_since_best = 0;
  std::uint64_t text_hash = 0;  ///< of the text that the run is trained on
  History history;

  template <class Archive>
  void serialize(Archive& ar, unsigned) {
    ar& BOOST_SERIALIZATION_NVP(step) & BOOST_SERIALIZATION_NVP(best_val_loss);
    ar& BOOST_SERIALIZATION_NVP(evaluations_since_best) & BOOST_SERIALIZATION_NVP(text_hash);
    ar& BOOST_SERIALIZATION_NVP(history);
  }
};

/// Writes a checkpoint: /config (text), /tokenizer, /model, /optimizer, /state. Where the optimizer keeps averages they
/// must be exchanged with the weights, so that /model is what is used, and training goes on from
/// /optimizer/NAME/average. Errors: as save_file.
void save_checkpoint(const std::filesystem::path& path, Experiment& experiment, const Tokenizer& tokenizer,
                     Model& model, Optimizer& optimizer, RunState& state);

/// A trained model with what it needs to be used.
struct LoadedRun {
  std::unique_ptr<Experiment> experiment;
  std::shared_ptr<const Tokenizer> tokenizer;
  std::unique_ptr<Model> model;
  RunState state;
};

/// Reads a checkpoint. `assignments` ("section.key=value") change the config that it holds; only keys that may change.
/// Errors: as load_file; a key that may not change; contents that do not fit each other.
LoadedRun load_checkpoint(const std::filesystem::path& path, const std::vector<std::string>& assignments = {});
/// Reads the moments of a checkpoint into an optimizer over its model's parameters, and puts averages in their place.
void load_optimizer(const std::filesystem::path& path, Optimizer& optimizer);

/// The tokenizer of a run, a checkpoint, a token file, or one of the files that read_tokenizer reads. `pattern` is that
/// of a file which does not say it. Errors: as those; a folder that holds none.
std::shared_ptr<const Tokenizer> load_tokenizer(const std::string& source, const std::string& pattern = "gpt2");

/// The checkpoint that RUN names: itself, or in a run's folder the first of `names` that is there.
/// Errors: there is none, saying what was looked for.
std::filesystem::path find_checkpoint(const std::string& run, const std::vector<std::string>& names);

}  // namespace heddle
