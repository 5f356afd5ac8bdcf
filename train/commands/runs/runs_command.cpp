#include "train/commands/commands.h"

namespace heddle {

CommandFunction runs_list, runs_compare, runs_diff, runs_clean;

int runs_command(const std::vector<std::string>& arguments) {
  return run_part("runs",
                  {{"list", "runs as a table, by any metric or key", runs_list},
                   {"compare", "runs side by side, and their curves as a picture", runs_compare},
                   {"diff", "where two runs part: keys, course, weights", runs_diff},
                   {"clean", "delete what runs left behind", runs_clean}},
                  arguments);
}

}  // namespace heddle
