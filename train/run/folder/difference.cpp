#include "train/run/folder/difference.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <sstream>

#include "data/io/file.h"
#include "framework/archive/file.h"
#include "train/log/metrics.h"
#include "train/run/checkpoint.h"
#include "train/run/folder/result.h"

namespace heddle {
namespace {

namespace fs = std::filesystem;

/// Whether a value of a checkpoint tells of speed.
bool is_of_time_at(const std::string& path) {
  const std::string history = "/state/history/";
  return path == "/state/since/seconds" || (path.starts_with(history) && is_of_time(path.substr(history.size())));
}

std::vector<std::string> cells_of(const std::string& line) {
  std::vector<std::string> cells(1);
  for (const char c : line) c == ',' ? (void)cells.emplace_back() : cells.back().push_back(c);
  return cells;
}

/// Compares two tables line by line, the columns of time left out.
void compare_tables(const std::string& name, const std::string& one, const std::string& other,
                    std::vector<std::string>& found) {
  std::istringstream a(one), b(other);
  std::vector<std::string> names;
  std::string line, same;
  for (int number = 1;; ++number) {
    const bool more = static_cast<bool>(std::getline(a, line)),
               as_long = static_cast<bool>(std::getline(b, same)) == more;
    if (!as_long) found.push_back(fmt::format("{}: one ends at line {}", name, number));
    if (!more || !as_long) return;
    const std::vector<std::string> left = cells_of(line), right = cells_of(same);
    if (names.empty()) names = left;
    for (std::size_t i = 0; i < std::max(left.size(), right.size()); ++i) {
      const std::string column = i < names.size() ? names[i] : "a column without a name";
      if (number > 1 && is_of_time(column)) continue;
      if (i >= left.size() || i >= right.size() || left[i] != right[i])
        found.push_back(fmt::format("{}: line {}, {}", name, number, column));
    }
  }
}

}  // namespace

RunDifference compare_runs(const fs::path& one, const fs::path& other) {
  RunDifference difference;
  std::set<std::string> names;
  for (const fs::path& folder : {one, other}) {
    for (const fs::path& path : run_checkpoints(folder)) names.insert(path.filename().string());
    for (const char* table : {"metrics.csv", "heads.csv", kResultFile}) {
      if (fs::exists(folder / table)) names.insert(table);
    }
  }
  for (const std::string& name : names) {
    difference.compared.push_back(name);
    if (!fs::exists(one / name) || !fs::exists(other / name)) {
      difference.found.push_back(name + ": only one has it");
    } else if (name == kResultFile) {
      if (read_file(one / name) != read_file(other / name)) difference.found.push_back(name);
    } else if (name.ends_with(".csv")) {
      compare_tables(name, read_file(one / name), read_file(other / name), difference.found);
    } else {
      for (const std::string& path : differing_values(one / name, other / name)) {
        if (!is_of_time_at(path)) difference.found.push_back(name + ": " + path);
      }
    }
  }
  return difference;
}

}  // namespace heddle
