#include <iostream>

#include "train/commands/commands.h"
#include "train/run/checkpoint.h"

namespace heddle {

int config_command(const std::vector<std::string>& arguments) {
  CommandLine line;
  line.usage = "config CONFIG|RUN [--section.key=value ...]";
  line.summary =
      "Prints the config that CONFIG, or that of a run, and the overrides come to, every key with its value and "
      "meaning.";
  line.settings = setting_names;
  line.notes = [] {
    std::string all;
    for (const std::string& text : describe_all_keys()) all += '\n' + text;
    return all;
  };
  if (!line.parse(arguments)) return 0;
  const std::filesystem::path path = find_run(line.positional[0]);
  std::error_code error;
  Settings settings = std::filesystem::is_directory(path, error) ? Settings::from_file((path / "config.cfg").string())
                      : is_hdf5(path) ? Settings::from_text(load_checkpoint(path).experiment->text(), path.string())
                                      : Settings::from_file(path.string());
  settings.override_with(line.assignments);
  std::cout << Experiment(settings).text();
  return 0;
}

}  // namespace heddle
