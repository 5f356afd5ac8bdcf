#pragma once

#include <array>
#include <memory>
#include <string>
#include <vector>

#include "data/kinds.h"
#include "framework/optim.h"
#include "models/kinds.h"
#include "train/config/config.h"
#include "train/learners/learner.h"

namespace heddle {

class Task;

/// What run.precision may ask for; automatic: bf16 where the processor has it.
enum class RunPrecision { automatic, f32, bf16 };
constexpr auto names_of(RunPrecision) {
  return std::array{Named{RunPrecision::automatic, "auto"}, Named{RunPrecision::f32, "f32"},
                    Named{RunPrecision::bf16, "bf16"}};
}

struct RunConfig {
  std::string name = "run", dir, init, started_in;
  RunPrecision precision = RunPrecision::automatic;
  std::int64_t seed = 1, threads = 0;
  bool pin = false, overwrite = false;

  std::vector<Key> keys();
};

struct TrainConfig {
  std::int64_t steps = 1000, batch_size = 12;
  double epochs = 0, minutes = 0, checkpoint_minutes = 2, log_seconds = 10;
  Order order = Order::automatic;
  std::int64_t eval_interval = 250, eval_batches = 20, checkpoint_interval = 250, keep_last = 1, keep_best = 1,
               average_last = 1, early_stop = 0;
  std::int64_t log_interval = 100, sample_interval = 0, sample_tokens = 200, inspect_interval = 0;
  double memory_limit = 0;  // GB
  bool tensorboard = false;

  std::vector<Key> keys();
};

/// What `heddle config --help` shows: the keys of every kind of model with a kind of data that it learns from, their
/// defaults and meanings; what is alike is said once.
std::vector<std::string> describe_all_keys();

/// The names of every setting there is, of all kinds.
std::vector<std::string> setting_names();

/// Everything that a run is decided by: the resolved config. Kinds of data, model and learner bring keys of their own.
class Experiment {
 public:
  /// Errors: as Settings::apply_to; a name that is none; data and model that do not fit each other.
  explicit Experiment(const Settings& settings);

  /// The one list of all keys, for reading, dumping, --help and the comparison on resume. Its entries point into this.
  std::vector<Section> sections();
  /// The config as text; reading it gives the same experiment.
  std::string text() const;
  /// The run's folder: run.dir, or runs/NAME.
  std::string folder() const { return run.dir.empty() ? "runs/" + run.name : run.dir; }
  /// Puts in the place of relative paths of data that lead nowhere from here those from run.started_in, and says so, a
  /// line each; also where another file of the same name lies there.
  std::vector<std::string> find_data();
  /// Sets what holds for the whole process: threads.
  void apply_to_process() const;
  /// The precision of products. One that the processor lacks is no error; it is only slow.
  Precision precision() const;

  /// The dataset. `known` is what a checkpoint kept of it; `cache` a folder that it may have been kept in; `start`
  /// that of the run that this one begins from.
  std::unique_ptr<Dataset> load_data(const DataState* known = nullptr, const std::filesystem::path& cache = {},
                                     const Progress& progress = {}, const DataState* start = nullptr) const;
  /// The model with its first weights, or with its weights' shapes alone.
  std::unique_ptr<Model> build_model(const DataSpec& spec) const;
  std::unique_ptr<Model> shape_model(const DataSpec& spec) const;
  std::unique_ptr<Learner> make_learner(Model& model) const;
  /// The task that joins the two, which must live as long as it.
  std::unique_ptr<Task> make_task(Model& model, const Dataset& dataset) const;
  /// The training batches, in the order of train.order, each as `prepare` makes it.
  std::unique_ptr<Feed> make_feed(const Dataset& dataset, Prepare prepare = {}) const;
  /// `train` with steps and eval_interval counted out, where they depend on the data.
  TrainConfig plan(double steps_per_epoch) const;

  RunConfig run;
  std::string data_kind = "text", model_kind = "gpt";
  std::unique_ptr<DataConfig> data;
  std::unique_ptr<ModelConfig> model;
  ScheduleConfig schedule;
  std::unique_ptr<LearnerConfig> learner;
  TrainConfig train;

 private:
  /// The random numbers of the run for one use.
  Rng rng(std::uint64_t use) const { return Rng(static_cast<std::uint64_t>(run.seed)).fork(use); }
};

}  // namespace heddle
