#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <memory>

#include "framework/format.h"
#include "train/commands/sweep/sweep_runs.h"
#include "train/log/progress.h"
#include "train/run/init.h"
#include "train/run/memory.h"
#include "train/run/trainer.h"

namespace heddle {
namespace {

namespace fs = std::filesystem;

/// Errors: a run lies there that was made with another config; keys that change no result do not count.
void check_same(Experiment& wanted) {
  const fs::path there = fs::path(wanted.folder()) / "config.cfg";
  if (!fs::exists(there)) return;
  Experiment before(Settings::from_file(there.string()));
  for (const KeyDifference& key : differences(before.sections(), wanted.sections())) {
    if (key.name == "run.started_in" || key.name == "run.threads" || key.name == "run.pin") continue;
    throw Error(concat_text("sweep: ", wanted.folder(), " holds a run with ", key.name, " = ", key.before,
                            ", which is ", key.now,
                            " now; choose another run.name for the sweep, or delete the run's folder"));
  }
}

/// Empty, or why the metric is none of those that the whole validation split gives, or, where runs are stopped by it,
/// of those that every evaluation does.
std::string metric_problem(const SweepPlan& plan, const Trainer& trainer, const Dataset& dataset,
                           const TrainConfig& train) {
  const bool stops = plan.config.stop != SweepStop::none;
  const Metrics figures =
      evaluate(trainer.task(), dataset, Split::val,
               {train.batch_size, 1, trainer.precision(), !stops, train.order == Order::contiguous});
  if (find_metric(figures, plan.config.metric) != nullptr) return "";
  std::string names;
  for (const Metric& figure : figures) {
    if (figure.column) names += (names.empty() ? "" : ", ") + figure.name;
  }
  return concat_text("sweep.metric = ", plan.config.metric, ": there is no such figure",
                     stops ? " in the evaluations that sweep.stop goes by" : "", "; there are ", names);
}

/// Of datasets the one that was used last: combinations side by side mostly share it.
class LastData {
 public:
  explicit LastData(const std::function<void(const std::string&)>& progress) : progress_(progress) {}

  const Dataset& of(Experiment& experiment) {
    const std::vector<Section> sections = experiment.sections();
    const auto data = std::find_if(sections.begin(), sections.end(), [](const Section& s) { return s.name == "data"; });
    const std::string key = concat_text(dump_config({*data}), experiment.model->block_size(), ' ', experiment.run.init);
    if (key == key_) return *dataset_;
    const auto from = run_to_begin_with(experiment);
    experiment.find_data();
    dataset_ = experiment.load_data(
        nullptr, {},
        [&](const char* what, std::uint64_t bytes, std::uint64_t of) { progress_(progress_text(what, bytes, of)); },
        from ? &from->data : nullptr);
    key_ = key;
    return *dataset_;
  }

 private:
  const std::function<void(const std::string&)>& progress_;
  std::string key_;
  std::unique_ptr<Dataset> dataset_;
};

}  // namespace

void check_sweep(const SweepPlan& plan, std::int64_t jobs, const std::function<void(const std::string&)>& progress) {
  for (const SweepRun& run : plan.runs) {
    Experiment experiment(Settings::from_text(run.config, run.name));
    check_same(experiment);
    check_least_sizes(experiment);
  }
  LastData data(progress);
  std::string problem;   // of no one combination
  std::size_t next = 0;  // seeds need no check of their own
  for (const SweepRun& run : plan.runs) {
    if (run.combination != next) continue;
    ++next;
    progress(fmt::format("checking combination {} of {}", next, plan.combinations));
    Experiment experiment(Settings::from_text(run.config, run.name));
    try {
      const Dataset& dataset = data.of(experiment);
      check_sizes(experiment, dataset.state().spec());
      const auto model = experiment.build_model(dataset.state().spec());
      const auto learner = experiment.make_learner(*model);
      Trainer trainer(experiment, dataset, *model, *learner);
      if (next == 1) problem = metric_problem(plan, trainer, dataset, experiment.train);
      trainer.check_memory_limit();
      if (jobs > 1) {
        const double all = static_cast<double>(jobs) * trainer.estimate_memory().total();
        const MemoryLimit limit = memory_limit(experiment.train);
        ensure(all <= limit.bytes, limit.text, ", but ", jobs, " runs at once are expected to take ", human_bytes(all),
               "; give fewer --jobs");
      }
    } catch (const Error& e) {
      const std::string places = plan.text_of(run.combination, true);
      throw Error(places.empty() ? e.what() : concat_text(places, ": ", e.what()));
    }
    ensure(problem.empty(), problem);
  }
}

}  // namespace heddle
