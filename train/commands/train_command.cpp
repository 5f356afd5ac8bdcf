#include <filesystem>
#include <optional>

#include "data/io/file.h"
#include "train/commands/commands.h"
#include "train/log/progress.h"
#include "train/run/init.h"
#include "train/run/session.h"

namespace heddle {
namespace {

namespace fs = std::filesystem;

constexpr const char* kRunFiles[] = {"config.cfg", "metrics.csv", "log.txt", "samples.txt", "last.h5", "best.h5"};

/// Errors: the run's folder holds a run that may not be written over.
void check_folder(const Experiment& experiment) {
  const fs::path folder = experiment.folder();
  for (const char* name : kRunFiles) {
    ensure(experiment.run.overwrite || !fs::exists(folder / name), "run folder ", folder.string(),
           " already holds a run (", name, "); go on with heddle resume ", folder.string(),
           ", choose another run.name, or delete it with --run.overwrite=true");
  }
}

/// Makes the run's folder and writes the resolved config into it.
void prepare_folder(const Experiment& experiment) {
  const fs::path folder = experiment.folder();
  std::error_code error;
  fs::create_directories(folder, error);
  ensure(!error, "run folder ", folder.string(), " cannot be made (", error.message(),
         "); choose another with --run.dir=FOLDER");
  for (const char* name : kRunFiles) fs::remove(folder / name, error);
  for (const auto& [step, path] : step_checkpoints(folder)) fs::remove(path, error);
  write_file(folder / "config.cfg", experiment.text());
}

std::unique_ptr<Dataset> load(const Experiment& experiment, const DataState* known, const fs::path& folder,
                              const DataState* start = nullptr) {
  Reporter reporter;
  return experiment.load_data(
      known, folder,
      [&](const char* what, std::uint64_t bytes, std::uint64_t of) {
        reporter.progress(progress_text(what, bytes, of));
      },
      start);
}

/// Where the next step's learning rate is another than it would have been: both, and what would keep the old one.
std::vector<std::string> schedule_notes(const LoadedRun& run, const Trainer& trainer, index_t next) {
  if (!run.before) return {};
  const index_t steps = run.before->plan(trainer.feed().steps_per_epoch()).steps;
  const double was = learning_rate(run.before->schedule, next, steps), is = trainer.learning_rate(next);
  if (was == is) return {};
  const auto end = [](const Experiment& experiment, index_t of) {
    return experiment.schedule.decay_steps > 0 ? experiment.schedule.decay_steps : of;
  };
  const index_t before = end(*run.before, steps);
  return {concat_text("the learning rate of the next step is ", is, " and was to be ", was, ": it falls until step ",
                      end(*run.experiment, trainer.plan().steps), ", and fell until step ", before,
                      "; --optim.decay_steps=", before, " keeps the old schedule")};
}

}  // namespace

int train_command(const std::vector<std::string>& arguments) {
  bool profiled = false;
  std::string init;
  CommandLine line;
  line.usage = "train CONFIG [options] [--section.key=value ...]";
  line.options = {Key("init", init, "begin with the tokenizer and weights of another run: --run.init").path(),
                  {"profile", profiled, "at the end, show the steps' time by op"}};
  line.summary =
      "Trains the model that CONFIG describes; its folder is runs/NAME. Ctrl-C stops it after the step, saved.\n"
      "heddle config --help lists every key.";
  line.overrides = true;
  if (!line.parse(arguments)) return 0;
  Settings settings = Settings::from_file(line.positional[0]);
  if (!init.empty()) line.assignments.push_back("run.init=" + init);
  settings.override_with(line.assignments);
  Experiment experiment(settings);
  std::vector<std::string> notes = experiment.find_data();
  experiment.run.started_in = fs::current_path().string();
  experiment.apply_to_process();
  check_folder(experiment);
  std::optional<LoadedRun> from;
  if (!experiment.run.init.empty())
    from = load_checkpoint(find_checkpoint(experiment.run.init, {"best.h5", "last.h5"}));
  const auto dataset = load(experiment, nullptr, experiment.folder(), from ? &from->data : nullptr);
  const auto model = experiment.build_model(dataset->state().spec());
  if (from) notes.push_back(take_weights(*from, *model, dataset->state()).text());
  from.reset();
  const auto learner = experiment.make_learner(*model);
  RunState state;
  state.fingerprint = dataset->fingerprint();
  Session session({experiment, *dataset, *model, *learner}, std::move(state), experiment.folder());
  session.trainer().check_memory_limit();
  prepare_folder(experiment);
  dataset->keep_in(experiment.folder());
  if (profiled) session.profile_steps();
  session.note(notes);
  session.run();
  return 0;
}

int resume_command(const std::vector<std::string>& arguments) {
  CommandLine line;
  line.usage = "resume RUN [--section.key=value ...]";
  line.summary =
      "Goes on with the run in folder RUN from its last.h5, with the same bits as if it had never stopped. Keys that\n"
      "do not change what was trained so far may be given anew, such as --train.steps=N.";
  line.overrides = true;
  if (!line.parse(arguments)) return 0;
  const fs::path path = find_checkpoint(line.positional[0], {"last.h5"});
  LoadedRun run = load_checkpoint(path, Purpose::resume, line.assignments);
  // The run goes on where it lies, wherever it was begun.
  const fs::path folder = path.has_parent_path() ? path.parent_path().lexically_normal() : fs::path(".");
  const auto dataset = load(*run.experiment, &run.data, folder);
  ensure(dataset->fingerprint() == run.state.fingerprint, "resume: the data at data.path is not what the run was ",
         "trained on: ", dataset->describe(), "; give the same data with --data.path, or start a new run");
  const index_t done = run.state.step;
  Session session({*run.experiment, *dataset, *run.model, *run.learner}, std::move(run.state), folder);
  const index_t steps = session.trainer().plan().steps;
  const bool counts_epochs = run.experiment->train.steps == 0;
  ensure(done < steps, "resume: ", path.string(), " is already at step ", done, " of ", steps,
         "; give more with --train.", counts_epochs ? "epochs" : "steps", "=N");
  session.trainer().check_memory_limit();
  dataset->keep_in(folder);
  session.note(run.notices);
  session.note(schedule_notes(run, session.trainer(), done));
  session.note(run.origin.differences(Origin::here(*run.experiment)));
  session.run();
  return 0;
}

}  // namespace heddle
