#include <iostream>

#include "train/commands/commands.h"
#include "train/run/experiment.h"

namespace heddle {

int config_command(const std::vector<std::string>& arguments) {
  CommandLine line;
  line.usage = "config CONFIG [--section.key=value ...]";
  line.summary = "Prints the config that CONFIG and the overrides come to, every key with its value and meaning.";
  line.overrides = true;
  if (!line.parse(arguments)) {
    std::cout << line.help();
    // Keys of the common sections with their defaults, and a [model] section for every kind.
    for (const std::string& kind : model_kinds()) {
      Experiment defaults(Settings::from_text("[model]\nkind = " + kind + "\n", "defaults"));
      std::cout << "\nkeys, defaults and meanings for model.kind = " << kind << ":\n\n"
                << describe_keys(defaults.sections());
    }
    return 0;
  }
  Settings settings = Settings::from_file(line.positional[0]);
  settings.override_with(line.assignments);
  std::cout << dump_config(Experiment(settings).sections());
  return 0;
}

}  // namespace heddle
