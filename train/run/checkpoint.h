#pragma once

#include <filesystem>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "framework/archive/archive.h"
#include "train/log/metrics.h"
#include "train/run/experiment.h"
#include "train/run/origin.h"
#include "train/tasks/task.h"

namespace heddle {

/// Sums over the steps since the last row of a history.
struct RowSums {
  double loss = 0, losses = 0, seconds = 0, inputs = 0, flops = 0;

  template <class Archive>
  void serialize(Archive& ar, unsigned) {
    ar& BOOST_SERIALIZATION_NVP(loss) & BOOST_SERIALIZATION_NVP(losses) & BOOST_SERIALIZATION_NVP(seconds);
    ar& BOOST_SERIALIZATION_NVP(inputs) & BOOST_SERIALIZATION_NVP(flops);
  }
};

/// Where a run stands, beside its weights and what the learner keeps.
struct RunState {
  std::int64_t step = 0;                                           ///< steps done
  double best_val_loss = std::numeric_limits<double>::infinity();  ///< lowest so far, in nats a target
  std::int64_t evaluations_since_best = 0;
  std::uint64_t fingerprint = 0;  ///< of the data that the run is trained on
  Baselines baselines;            ///< on that data; without a line until they are known
  History history;
  RowSums since;  ///< a checkpoint may come within a row, and the history goes on as if it had not

  template <class Archive>
  void serialize(Archive& ar, unsigned) {
    ar& BOOST_SERIALIZATION_NVP(step) & BOOST_SERIALIZATION_NVP(best_val_loss);
    ar& BOOST_SERIALIZATION_NVP(evaluations_since_best);
    ar& BOOST_SERIALIZATION_NVP(fingerprint) & BOOST_SERIALIZATION_NVP(baselines) & BOOST_SERIALIZATION_NVP(history);
    ar& BOOST_SERIALIZATION_NVP(since);
  }
};

/// Writes a checkpoint: /config (text), /origin, /data, /model, what the learner keeps, /state. Where the learner keeps
/// averages, /model holds those, as they are what is used. All ranks call it, and rank 0 writes. Errors: as save_file.
void save_checkpoint(const std::filesystem::path& path, const Experiment& experiment, const DataState& data,
                     Model& model, Learner& learner, RunState& state);

/// Which checkpoint something was read from, and the steps done until then.
struct CheckpointName {
  std::filesystem::path path;
  std::int64_t step = 0;

  std::string text() const;  ///< "runs/quickstart/best.h5, after step 1000"
};

/// A trained model with what it needs to be used, or trained further.
struct LoadedRun {
  std::filesystem::path path;
  std::unique_ptr<Experiment> experiment;
  DataState data;
  std::unique_ptr<Model> model;
  std::unique_ptr<Learner> learner;  ///< where it was asked for
  RunState state;
  Origin origin;
  std::unique_ptr<Experiment> before;  ///< of the run as it was, where keys are given anew
  std::vector<std::string> notices;    ///< what is read from elsewhere than the config says

  CheckpointName name() const { return {path, state.step}; }
  /// Errors: it has none, as its data is no text.
  std::shared_ptr<const Tokenizer> tokenizer() const;
};

/// What a checkpoint is read for.
enum class Purpose {
  use,       ///< the model alone
  evaluate,  ///< the model; keys beside [model] and [optim] may be given anew
  resume     ///< training; keys that may change on the way may be given anew
};

/// Reads a checkpoint, once. `assignments` ("section.key=value") change the config that it holds, as `purpose` allows,
/// and but for Purpose::use the process is set up as the config says (threads). Errors: as load_file; a key that may
/// not change; contents that do not fit each other. Of a file that is damaged the run's others that are whole are
/// named.
LoadedRun load_checkpoint(const std::filesystem::path& path, Purpose purpose = Purpose::use,
                          const std::vector<std::string>& assignments = {});

/// Reads, for Purpose::resume, the checkpoint in a run's folder that training goes on from: last.h5, or where that is
/// missing or damaged the one of most steps that is whole, and says so in its notices. Errors: none is whole, or there;
/// as load_checkpoint.
LoadedRun load_newest(const std::filesystem::path& folder, const std::vector<std::string>& assignments = {});

struct LoadedTokenizer {
  std::shared_ptr<const Tokenizer> tokenizer;
  std::optional<CheckpointName> checkpoint{};  ///< where it is that of one
  std::vector<std::string> notices{};          ///< what its file asks for in vain
};
/// The tokenizer of a run, a checkpoint, a token file, or one of the files that read_tokenizer reads. `pattern` as
/// with read_tokenizer. Errors: as those; a folder that holds none.
LoadedTokenizer load_tokenizer(const std::string& source, const std::string& pattern = "auto");

/// What is used of a run, and what it goes on from.
inline const std::vector<std::string> kUsable = {"best.h5", "last.h5"}, kResumable = {"last.h5", "best.h5"};

/// The checkpoint that RUN names: itself, or in a run's folder the first of `names` that is there, or else of
/// run_checkpoints. A name without a folder is that of a run in runs/, too, where nothing else has it. Errors: there is
/// none, saying what was looked for.
std::filesystem::path find_checkpoint(const std::string& run, const std::vector<std::string>& names);
/// The place that RUN names: itself, or where there is none runs/NAME.
std::filesystem::path find_run(const std::string& run);

/// Checkpoints that have their step in their name, in a run's folder: step_N.h5 beside last.h5, best_N.h5 beside
/// best.h5.
enum class Kept { last, best };
std::string kept_name(Kept kept, std::int64_t step);
bool is_kept_name(const std::string& name);
/// Those that are there, by step.
std::map<std::int64_t, std::filesystem::path> kept_checkpoints(const std::filesystem::path& folder, Kept kept);

/// All that lie in a run's folder: last.h5, step_N.h5 with the newest first, best.h5, best_N.h5 likewise.
std::vector<std::filesystem::path> run_checkpoints(const std::filesystem::path& folder);

}  // namespace heddle
