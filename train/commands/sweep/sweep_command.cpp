#include <fmt/format.h>

#include <filesystem>
#include <iostream>

#include "data/io/file.h"
#include "framework/parallel.h"
#include "train/commands/commands.h"
#include "train/commands/sweep/sweep_runs.h"
#include "train/commands/sweep/sweep_table.h"
#include "train/log/progress.h"
#include "train/run/experiment.h"
#include "train/run/folder/folder.h"
#include "train/run/folder/record.h"
#include "train/run/origin.h"
#include "train/run/stop.h"

namespace heddle {
namespace {

namespace fs = std::filesystem;

/// All settings, and what [sweep] may say of them.
std::vector<std::string> sweep_names() {
  std::vector<std::string> names = setting_names();
  const std::size_t settings = names.size();
  for (std::size_t i = 0; i < settings; ++i) names.push_back("sweep." + names[i]);
  SweepConfig config;
  for (const Key& key : config.keys()) names.push_back("sweep." + key.name);
  return names;
}

std::string notes() {
  SweepConfig config;
  return "\n" + describe_keys(sweep_sections(config)) +
         "\nOther keys of [sweep] are settings with the values to try: optim.lr = 3e-4, 1e-3; run.seed = 1..3; with\n"
         "mode = random also ranges, optim.lr = 1e-4..1e-2, drawn by ratio where both ends are above 0. Each "
         "combination\n"
         "is trained with every run.seed. All are checked before the first run begins.\n"
         "\nexit status: 0 when every run is done; 1 when one failed, or after an error; 75 when a signal stopped it: "
         "the\n"
         "same command goes on.\n";
}

}  // namespace

int sweep_command(const std::vector<std::string>& arguments) {
  std::int64_t jobs = 1;
  bool check = false;
  CommandLine line;
  line.usage = "sweep CONFIG [options] [--section.key=value ...]";
  line.summary =
      "Trains every combination of the values that [sweep] of CONFIG gives, each with every seed, and compares them.\n"
      "The folder runs/NAME holds a run each, table.csv, table.json, plot.svg and best.cfg. Called again it goes on\n"
      "where it stopped.";
  line.options = {{"jobs", jobs, "runs at once, which share the cores", 1, 1024},
                  {"check", check, "check every combination, list the runs, and train none"}};
  line.notes = notes;
  line.settings = sweep_names;
  if (!line.parse(arguments)) return 0;
  Settings settings = Settings::from_file(line.positional[0]);
  settings.override_with(line.assignments);
  const SweepPlan plan = plan_sweep(settings);
  if (jobs > threads())
    throw UsageError(
        fmt::format("sweep: --jobs {}: there are {} threads to share; give at most as many", jobs, threads()));
  ensure(!is_run(plan.folder), "sweep: ", plan.folder,
         " is the folder of a run; choose another run.name for the sweep");
  const RunFolder folder(plan.folder);
  {
    Reporter reporter;
    check_sweep(plan, jobs, [&](const std::string& text) { reporter.progress(text); });
  }
  if (check) {
    tell(plan.notices);
    for (const SweepRun& run : plan.runs) std::cout << run.name << '\n';
    return 0;
  }
  std::vector<SweepOutcome> outcomes;
  if (!train_sweep(plan, jobs, outcomes)) return kStoppedStatus;
  const SweepTable table = tabulate(plan, outcomes);
  const std::string text = table_text(plan, table), plot = table_plot(plan, table);
  const fs::path at = plan.folder;
  write_file(at / "table.csv", table_csv(plan, table));
  write_file(at / "table.json", table_json(plan, table));
  if (!plot.empty()) write_file(at / "plot.svg", plot);
  Reporter reporter;
  reporter.log_to(at / "log.txt");
  reporter.line(text.substr(0, text.size() - 1));
  write_file(at / "best.cfg", best_config(plan, table));
  for (const SweepOutcome& outcome : outcomes) {
    if (outcome.state == SweepOutcome::State::failed) return 1;
  }
  return 0;
}

}  // namespace heddle
