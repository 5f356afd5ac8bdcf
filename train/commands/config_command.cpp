#include <fmt/format.h>

#include <algorithm>
#include <iostream>
#include <set>

#include "train/commands/commands.h"
#include "train/commands/settings_of.h"
#include "train/run/checkpoint.h"

namespace heddle {

Settings settings_of(const std::string& name) {
  const std::filesystem::path path = find_run(name);
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) return Settings::from_file((path / "config.cfg").string());
  return is_hdf5(path) ? Settings::from_text(load_checkpoint(path).experiment->text(), path.string())
                       : Settings::from_file(path.string());
}

namespace {

/// The config with the keys alone that differ from what they are by themselves; it reads back to the same.
std::string minimal(Experiment& experiment) {
  Settings kinds = Settings::from_text("", "");
  kinds.override_with({"data.kind=" + experiment.data_kind, "model.kind=" + experiment.model_kind});
  Experiment defaults(kinds);
  const auto sections = experiment.sections();
  std::set<std::string> names;
  for (const KeyDifference& key : differences(defaults.sections(), sections)) names.insert(key.name);
  Experiment bare(Settings::from_text("", ""));
  if (experiment.data_kind != bare.data_kind) names.insert("data.kind");
  if (experiment.model_kind != bare.model_kind) names.insert("model.kind");
  return dump_config(sections, names);
}

std::string difference(const std::string& one, const std::string& other) {
  Experiment before(settings_of(one)), now(settings_of(other));
  return difference_text(differences(before.sections(), now.sections()));
}

}  // namespace

int config_command(const std::vector<std::string>& arguments) {
  bool short_form = false, full = false, diff = false;
  CommandLine line;
  line.usage = "config CONFIG|RUN [options] [--section.key=value ...], config --diff A B";
  line.more_words = 1;
  line.summary =
      "Prints the config that CONFIG, or that of a run, and the overrides come to, every key with its value and "
      "meaning.";
  line.options = {{"full", full, "every key, as without it"},
                  {"minimal", short_form, "the keys alone that are not what they are by themselves"},
                  {"diff", diff, "the keys that differ between two configs or runs, with both values"}};
  line.settings = setting_names;
  line.notes = [] {
    std::string all;
    for (const std::string& text : describe_all_keys()) all += '\n' + text;
    return all;
  };
  if (!line.parse(arguments)) return 0;
  if (diff != (line.positional.size() == 2))
    throw UsageError(diff ? "config: --diff wants two configs or runs"
                          : "config: two configs are compared with --diff");
  if (full + short_form + diff > 1) throw UsageError("config: give one of --full, --minimal and --diff");
  if (diff && !line.assignments.empty())
    throw UsageError("config: --diff compares two configs as they are; leave " + line.assignments[0] + " out");
  if (diff) {
    std::cout << difference(line.positional[0], line.positional[1]);
    return 0;
  }
  Settings settings = settings_of(line.positional[0]);
  settings.override_with(line.assignments);
  Experiment experiment(settings);
  std::cout << (short_form ? minimal(experiment) : experiment.text());
  return 0;
}

}  // namespace heddle
