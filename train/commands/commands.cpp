#include "train/commands/commands.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <iostream>

#include "data/io/file.h"
#include "data/io/other_kind.h"
#include "data/io/utf8.h"
#include "framework/system/ranks.h"
#include "train/config/config.h"
#include "train/run/checkpoint.h"

namespace heddle {

void check_shared_out(const Command& command, const std::string& name) {
  if (ranks() > 1 && !command.shared_out) throw UsageError(name + ": one process does that; leave mpirun or srun out");
}

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
    if (arguments[0] != part.name) continue;
    check_shared_out(part, command + ' ' + part.name);
    return part.run({arguments.begin() + 1, arguments.end()});
  }
  throw UsageError(fmt::format("{}: no part '{}'; there are: {}", command, arguments[0], names));
}

std::string rows_text(const std::vector<std::vector<std::string>>& rows, bool csv) {
  std::vector<std::size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t c = 0; c < row.size(); ++c) widths[c] = std::max(widths[c], display_width(one_line(row[c])));
  }
  const auto quoted = [](const std::string& cell) {
    if (cell.find_first_of(",\"\r\n") == cell.npos) return cell;
    std::string text = "\"";
    for (const char c : cell) text += c == '"' ? std::string("\"\"") : std::string(1, c);
    return text + '"';
  };
  std::string text;
  for (const auto& row : rows) {
    for (std::size_t c = 0; c < row.size(); ++c) {
      const std::string shown = csv ? quoted(row[c]) : one_line(row[c]);
      text += (c == 0 ? "" : csv ? "," : "  ") + shown;
      if (!csv && c + 1 < row.size()) text.append(widths[c] - display_width(shown), ' ');
    }
    text += '\n';
  }
  return text;
}

std::string difference_text(const std::vector<KeyDifference>& keys) {
  const auto shown = [](const std::string& value) { return value.empty() ? "-" : value; };
  std::vector<std::vector<std::string>> rows;
  for (const KeyDifference& key : keys) rows.push_back({key.name, shown(key.before), shown(key.now)});
  return rows_text(rows, false);
}

void tell(const std::vector<std::string>& notices) {
  for (const std::string& notice : notices) {
    if (!notice.empty()) std::cerr << notice + '\n';
  }
}

void tell_checkpoint(const CheckpointName& checkpoint) {
  std::cout.flush();
  std::cerr << checkpoint.text() + '\n';
}

std::string picture_path(const std::string& path) {
  return std::filesystem::path(path).replace_extension(".svg").string();
}

std::string write_picture(const std::string& path, const std::string& svg) {
  const std::string picture = picture_path(path);
  write_file(picture, svg);
  if (picture == path) return "";
  return fmt::format("{} is the picture; this makes {} of it (Debian's librsvg2-bin): rsvg-convert -f {} -o {} {}\n",
                     picture, path, path.substr(path.size() - 3), shell_quoted(path), shell_quoted(picture));
}

void check_output(const std::string& command, const std::string& path, const std::vector<std::string>& ends) {
  if (path.empty()) throw UsageError(command + ": nowhere to write to; name a file with --output FILE");
  const bool fits = std::any_of(ends.begin(), ends.end(), [&](const std::string& end) { return path.ends_with(end); });
  if (!ends.empty() && !fits)
    throw UsageError(
        fmt::format("{}: --output {}: wants a name that ends in {}", command, path, fmt::join(ends, " or ")));
  std::error_code ignored;
  const auto status = std::filesystem::status(path, ignored);
  if (std::filesystem::exists(status) && std::filesystem::is_other(status)) return;  // a pipe or a device
  std::filesystem::path folder = path;
  if (!std::filesystem::is_directory(folder) && !folder.has_filename()) folder = folder.parent_path();  // NAME/
  if (!std::filesystem::is_directory(folder)) folder = folder.parent_path();
  ensure(folder.empty() || std::filesystem::is_directory(folder), "'", path, "': folder ", folder.string(),
         " does not exist; make it, or choose another place");
  ensure(::access(folder.empty() ? "." : folder.c_str(), W_OK) == 0, "'", path, "': folder ", folder.string(),
         " cannot be written to (", std::strerror(errno), "); choose another place");
}

}  // namespace heddle
