#include <filesystem>
#include <iostream>

#include "data/file.h"
#include "train/commands/commands.h"
#include "train/run/session.h"

namespace heddle {
namespace {

constexpr const char* kRunFiles[] = {"config.cfg", "metrics.csv", "log.txt", "samples.txt", "last.h5", "best.h5"};

/// Errors: the run's folder holds a run that may not be written over.
void check_folder(const Experiment& experiment) {
  const std::filesystem::path folder = experiment.folder();
  for (const char* name : kRunFiles) {
    ensure(experiment.run.overwrite || !std::filesystem::exists(folder / name), "run folder ", folder.string(),
           " already holds a run (", name, "); go on with heddle resume ", folder.string(),
           ", choose another run.name, or delete it with --run.overwrite=true");
  }
}

/// Makes the run's folder and writes the resolved config into it.
void prepare_folder(Experiment& experiment) {
  const std::filesystem::path folder = experiment.folder();
  experiment.run.overwrite = false;  // said for this once: the config that is written must not delete the run
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  ensure(!error, "run folder ", folder.string(), " cannot be made (", error.message(),
         "); choose another with --run.dir=FOLDER");
  for (const char* name : kRunFiles) std::filesystem::remove(folder / name, error);
  write_file(folder / "config.cfg", dump_config(experiment.sections()));
}

Corpus load(const Experiment& experiment, std::shared_ptr<const Tokenizer> tokenizer) {
  Reporter reporter;
  const auto show = [&](const char* what, std::uint64_t bytes, std::uint64_t of) {
    reporter.progress(std::string(what) + ": " + human_bytes(static_cast<double>(bytes)) + " of " +
                      human_bytes(static_cast<double>(of)));
  };
  return load_corpus(experiment.data, static_cast<std::uint64_t>(experiment.run.seed), experiment.model->block_size(),
                     std::move(tokenizer), experiment.folder(), show);
}

}  // namespace

int train_command(const std::vector<std::string>& arguments) {
  bool profiled = false;
  CommandLine line;
  line.usage = "train CONFIG [options] [--section.key=value ...]";
  line.options = {{"profile", profiled, "at the end, show the steps' time by op"}};
  line.summary =
      "Trains the model that CONFIG describes; its folder is runs/NAME. Ctrl-C stops it after the step, saved.\n"
      "heddle config --help lists every key.";
  line.overrides = true;
  if (!line.parse(arguments)) {
    std::cout << line.help();
    return 0;
  }
  Settings settings = Settings::from_file(line.positional[0]);
  settings.override_with(line.assignments);
  Experiment experiment(settings);
  experiment.apply_to_process();
  check_folder(experiment);
  Corpus corpus = load(experiment, nullptr);
  experiment.data.tokenizer = corpus.tokenizer->state().kind;  // a token file decides it
  const auto model = experiment.build_model(*corpus.tokenizer);
  RunState state;
  state.text_hash = corpus.text_hash;
  Session session(experiment, corpus, *model, std::move(state));
  session.check_memory_limit();
  prepare_folder(experiment);
  corpus.keep_in(experiment.folder());
  if (profiled) session.profile_steps();
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
  if (!line.parse(arguments)) {
    std::cout << line.help();
    return 0;
  }
  const std::filesystem::path path = find_checkpoint(line.positional[0], {"last.h5"});
  LoadedRun run = load_checkpoint(path, line.assignments);
  // The run goes on where it lies, wherever it was begun.
  const std::filesystem::path folder = path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
  run.experiment->run.dir = folder.lexically_normal().string();
  run.experiment->apply_to_process();
  Corpus corpus = load(*run.experiment, run.tokenizer);
  ensure(corpus.text_hash == run.state.text_hash, "resume: the text at data.path = ", run.experiment->data.path,
         " is not the one that the run was trained on; bring it back, or start a new run");
  const index_t steps = run.experiment->plan(static_cast<index_t>(corpus.train.size())).steps;
  ensure(run.state.step<steps, "resume: ", path.string(), " is already at step ", run.state.step, " of ", steps,
                        "; give more with --train.", run.experiment->train.steps> 0
             ? "steps"
             : "epochs",
         "=N");
  corpus.keep_in(folder);
  Session session(*run.experiment, corpus, *run.model, std::move(run.state));
  session.check_memory_limit();
  load_optimizer(path, session.optimizer());
  session.run();
  return 0;
}

}  // namespace heddle
