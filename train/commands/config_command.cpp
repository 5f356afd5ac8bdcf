#include <iostream>

#include "train/commands/commands.h"
#include "train/run/experiment.h"

namespace heddle {

int config_command(const std::vector<std::string>& arguments) {
  CommandLine line;
  line.usage = "config CONFIG [--section.key=value ...]";
  line.summary = "Prints the config that CONFIG and the overrides come to, every key with its value and meaning.";
  line.overrides = true;
  line.notes = [] {
    std::string all;
    for (const std::string& text : describe_all_keys()) all += '\n' + text;
    return all;
  };
  if (!line.parse(arguments)) return 0;
  Settings settings = Settings::from_file(line.positional[0]);
  settings.override_with(line.assignments);
  std::cout << Experiment(settings).text();
  return 0;
}

}  // namespace heddle
