#include "train/commands.h"

#include <fmt/format.h>

#include <cstdio>

#include "train/config.h"

namespace heddle {

int run_part(const std::string& command, const std::vector<Command>& parts, const std::vector<std::string>& arguments) {
  std::string names, table;
  std::size_t width = 0;
  for (const Command& part : parts) width = std::max(width, std::string(part.name).size());
  for (const Command& part : parts) {
    names += (names.empty() ? "" : ", ") + std::string(part.name);
    table += fmt::format("  {:<{}}  {}\n", part.name, width, part.summary);
  }
  if (arguments.empty() || arguments[0] == "--help" || arguments[0] == "-h") {
    const std::string text = fmt::format("usage: heddle {} PART ...\n\nparts:\n{}\nheddle {} PART --help tells more.\n",
                                         command, table, command);
    std::fputs(text.c_str(), arguments.empty() ? stderr : stdout);
    return arguments.empty() ? 2 : 0;
  }
  for (const Command& part : parts) {
    if (arguments[0] == part.name) return part.run({arguments.begin() + 1, arguments.end()});
  }
  throw UsageError(fmt::format("{}: no part '{}'; there are: {}", command, arguments[0], names));
}

}  // namespace heddle
