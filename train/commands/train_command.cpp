#include <fmt/format.h>

#include <cstdio>
#include <filesystem>

#include "data/io/utf8.h"
#include "framework/clock.h"
#include "framework/system/ranks.h"
#include "train/commands/commands.h"
#include "train/commands/inspect/heads_listener.h"
#include "train/commands/verify_resume.h"
#include "train/export/tensorboard/tensorboard_listener.h"
#include "train/log/progress.h"
#include "train/run/agreement.h"
#include "train/run/folder/folder.h"
#include "train/run/init.h"
#include "train/run/memory.h"
#include "train/run/session.h"
#include "train/run/stop.h"
#include "train/run/time_budget.h"

namespace heddle {
namespace {

namespace fs = std::filesystem;

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

/// Behind the options of train and resume.
std::string exit_statuses() {
  return concat_text("\nexit status: 0 when all steps are done or train.early_stop has ended the run; ", kStoppedStatus,
                     " when a signal (INT, TERM, HUP, USR1,\nXCPU) has stopped it, saved and not done; 1 after an "
                     "error; 2 for a wrong command line; 128 + a signal's number when\nthat has ended it unsaved.\n");
}

/// What begins a run's config, as comments: how it was called, by which program with which libraries, on which data.
std::string heading(const Dataset& dataset) {
  return fmt::format("# {}\n# {}\n# {}\n# {}; hash {:016x}\n\n", one_line(Origin::command_line()),
                     Origin::version_text(), Origin::libraries_text(), one_line(dataset.describe()),
                     dataset.fingerprint());
}

/// Whether train.minutes decides how long is trained, and not train.steps, which may be given too: what was given last
/// does. Errors: both in one file, or on the command line.
bool minutes_decide(const Settings& settings, Experiment& experiment, std::vector<std::string>& notes) {
  TrainConfig& train = experiment.train;
  const std::size_t minutes = settings.rank_of("train.minutes"), steps = settings.rank_of("train.steps");
  if (train.minutes == 0) return false;
  ensure(minutes != steps || train.steps == 0, "train.minutes = ", train.minutes, " and train.steps = ", train.steps,
         " both say how long to train; give one of them");
  if (steps > minutes && train.steps > 0) {
    notes.push_back(concat_text("train.steps = ", train.steps, " was given last, and train.minutes = ", train.minutes,
                                " does not count"));
    train.minutes = 0;
  }
  return train.minutes > 0;
}

/// Puts the steps that end within train.minutes into the config, and their baselines, which are counted on the way,
/// into the state.
void fix_steps(Experiment& experiment, const Dataset& dataset, const fs::path& folder, double begun, RunState& state,
               std::vector<std::string>& notes) {
  Reporter reporter;
  const auto progress = [&](const char* what, std::uint64_t done, std::uint64_t of) {
    reporter.progress(progress_text(what, done, of));
  };
  RunTimes times = measure_run(experiment, dataset, folder, progress, score_heads);
  state.baselines = std::move(times.baselines);
  const double steps_per_epoch = experiment.make_feed(dataset)->steps_per_epoch();
  FittedSteps fitted;
  if (rank() == 0) fitted = fit_steps(times, experiment.plan(steps_per_epoch), seconds_now() - begun);
  experiment.train.steps = std::stoll(from_root(std::to_string(fitted.steps)));
  notes.push_back(fitted.text);
  const std::int64_t warmup = experiment.schedule.warmup_steps;
  if (warmup >= experiment.train.steps)
    notes.push_back(concat_text("optim.warmup_steps = ", warmup, " are not fewer than the ", experiment.train.steps,
                                " steps: the rate rises to the end; lower it, or give more minutes"));
}

/// Trains, and returns the exit status.
int finish(Session& session, const SessionParts& parts, RunFolder& folder, std::int64_t kill_after) {
  session.note(folder.notice());
  std::string notice;
  std::vector<std::unique_ptr<RunListener>> listeners;
  if (auto heads = heads_listener(parts, folder.path(), session.state().step, notice))
    listeners.push_back(std::move(heads));
  session.note(notice);
  if (parts.experiment.train.tensorboard && rank() == 0)
    listeners.push_back(
        std::make_unique<TensorboardListener>(folder.path(), session.state().history, session.state().step));
  if (kill_after > 0) listeners.push_back(std::make_unique<KillAfter>(kill_after));
  return session.run(std::move(listeners)) ? 0 : kStoppedStatus;
}

Key kill_key(std::int64_t& step) {
  return {"kill_after", step, "after this step, end as kill -9 ends a program, as --verify does; 0: do not", 0};
}

/// Errors: ranks do not begin with the same.
void check_begin(Model& model, index_t step) {
  if (ranks() > 1) check_same("what is begun with", fmt::format("step {}, weights {}", step, weights_hash(model)));
}

/// Goes on with the run in `folder`. One that is complete is an error, or, where `or_complete`, nothing to do.
int go_on(RunFolder& folder, LoadedRun run, bool or_complete, std::int64_t kill_after) {
  ensure(run.experiment->train.minutes == 0,
         "resume: train.minutes measures a run before its first step, and this one is at step ", run.state.step,
         "; give it more with --train.steps=N");
  const auto dataset = load(*run.experiment, &run.data, folder.path());
  check_agreement(*run.experiment, *dataset);
  check_begin(*run.model, run.state.step);
  ensure(dataset->fingerprint() == run.state.fingerprint, "resume: the data at data.path is not what the run was ",
         "trained on: ", dataset->describe(), "; give the same data with --data.path, or start a new run");
  const index_t done = run.state.step, without_better = run.state.evaluations_since_best;
  const SessionParts parts{*run.experiment, *dataset, *run.model, *run.learner};
  Session session(parts, std::move(run.state), folder.path());
  const TrainConfig& plan = session.trainer().plan();
  const bool judged = from_root(fs::exists(folder.path() / kResultFile));
  if (judged && or_complete && (done >= plan.steps || (plan.early_stop > 0 && without_better >= plan.early_stop))) {
    std::printf("run %s is complete, after step %ld\n", folder.path().c_str(), static_cast<long>(done));
    return 0;
  }
  ensure(done < plan.steps || (done == plan.steps && !judged), "resume: ", run.path.string(), " is already at step ",
         done, " of ", plan.steps, "; give more with --train.", run.experiment->train.steps == 0 ? "epochs" : "steps",
         "=N");
  session.trainer().check_memory_limit();
  folder.go_on();
  if (rank() == 0) dataset->keep_in(folder.path());
  for (const auto& notes : {run.notices, schedule_notes(run, session.trainer(), done)}) {
    for (const std::string& note : notes) session.note(note);
  }
  session.on_resume(run.origin);
  return finish(session, parts, folder, kill_after);
}

}  // namespace

int train_command(const std::vector<std::string>& arguments) {
  bool profiled = false;
  std::string init, resume = "never";
  std::int64_t kill_after = 0;
  CommandLine line;
  line.usage = "train CONFIG [options] [--section.key=value ...]";
  line.options = {Key("init", init, "begin with the tokenizer and weights of another run: --run.init").path(),
                  {"resume", resume, "auto: go on where the folder holds a run that was stopped", {"never", "auto"}},
                  {"profile", profiled, "at the end, show the steps' time by op"},
                  kill_key(kill_after)};
  line.summary =
      "Trains the model that CONFIG describes; its folder is runs/NAME. Ctrl-C stops it after the step, saved.\n"
      "heddle config --help lists every key.";
  line.notes = exit_statuses;
  line.settings = setting_names;
  if (!line.parse(arguments)) return 0;
  const double begun = seconds_now();
  Settings settings = Settings::from_file(line.positional[0]);
  if (!init.empty()) line.assignments.push_back("run.init=" + init);
  settings.override_with(line.assignments);
  Experiment experiment(settings);
  if (resume == "auto" && experiment.run.overwrite)
    throw UsageError("train: --resume=auto goes on with an earlier run, run.overwrite deletes it; give one of them");
  std::vector<std::string> notes = experiment.find_data();
  const bool measured = minutes_decide(settings, experiment, notes);
  experiment.run.started_in = fs::current_path().string();
  experiment.apply_to_process();
  RunFolder folder(experiment.folder());
  if (resume == "auto" && folder.holds_checkpoint()) {
    std::vector<std::string> given = settings.assignments();
    // what the first measurement chose is in the checkpoint
    std::erase_if(given, [&](const std::string& key) {
      return key.starts_with("train.minutes=") || (measured && key.starts_with("train.steps="));
    });
    return go_on(folder, load_newest(folder.path(), given), true, kill_after);
  }
  if (!experiment.run.overwrite) folder.check_free();
  check_shares(experiment);
  check_least_sizes(experiment);
  auto from = run_to_begin_with(experiment);
  const auto dataset = load(experiment, nullptr, folder.path(), from ? &from->data : nullptr);
  check_agreement(experiment, *dataset);
  check_sizes(experiment, dataset->state().spec());
  RunState state;
  if (measured) fix_steps(experiment, *dataset, folder.path(), begun, state, notes);
  const auto model = experiment.build_model(dataset->state().spec());
  if (from) notes.push_back(take_weights(*from, *model, dataset->state()).text());
  from.reset();
  check_begin(*model, 0);
  const auto learner = experiment.make_learner(*model);
  state.fingerprint = dataset->fingerprint();
  const SessionParts parts{experiment, *dataset, *model, *learner};
  Session session(parts, std::move(state), folder.path());
  session.trainer().check_memory_limit();
  folder.begin(heading(*dataset) + experiment.text());
  if (rank() == 0) dataset->keep_in(folder.path());
  if (profiled) session.profile_steps();
  for (const std::string& note : notes) session.note(note);
  return finish(session, parts, folder, kill_after);
}

int resume_command(const std::vector<std::string>& arguments) {
  bool verify = false;
  std::int64_t verify_steps = 12, kill_after = 0;
  CommandLine line;
  line.usage = "resume RUN [options] [--section.key=value ...]";
  line.options = {
      {"verify", verify, "change nothing, but try that a run which is killed and resumed is the one that is not"},
      {"verify_steps", verify_steps, "steps of that", 4},
      kill_key(kill_after)};
  line.summary =
      "Goes on with the run in folder RUN from its last.h5, with the same bits as if it had never stopped. Keys that\n"
      "do not change what was trained so far may be given anew, such as --train.steps=N.";
  line.notes = exit_statuses;
  line.settings = setting_names;
  if (!line.parse(arguments)) return 0;
  if (verify && ranks() > 1) throw UsageError("resume --verify: one process does that; leave mpirun or srun out");
  if (verify) return verify_resume(line.positional[0], verify_steps, line.assignments);
  const fs::path path = find_checkpoint(line.positional[0], kResumable);
  const bool named = !fs::is_directory(find_run(line.positional[0]));  // and no other is to be taken
  // The run goes on where it lies, wherever it was begun.
  RunFolder folder(path.has_parent_path() ? path.parent_path().lexically_normal() : fs::path("."));
  return go_on(
      folder,
      named ? load_checkpoint(path, Purpose::resume, line.assignments) : load_newest(folder.path(), line.assignments),
      false, kill_after);
}

}  // namespace heddle
