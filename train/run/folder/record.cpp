#include "train/run/folder/record.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <set>

#include "data/io/file.h"
#include "train/run/checkpoint.h"
#include "train/run/folder/folder.h"

namespace heddle {

namespace fs = std::filesystem;

std::optional<std::pair<double, std::int64_t>> RunRecord::best() const {
  std::optional<std::pair<double, std::int64_t>> best;
  const std::vector<double> losses = history.column("val_loss");
  for (std::size_t row = 0; row < losses.size(); ++row) {
    if (!std::isnan(losses[row]) && (!best || losses[row] < best->first)) best = {losses[row], history.step(row)};
  }
  return best;
}

bool is_run(const fs::path& folder) {
  std::error_code error;
  if (!fs::is_regular_file(folder / "config.cfg", error)) return false;
  return fs::exists(folder / ".lock", error) || run_files(folder).size() > 1;
}

RunRecord read_record(const fs::path& folder) {
  ensure(is_run(folder), "'", folder.string(), "' holds no run; give a run's folder, or its name in runs/");
  RunRecord record;
  record.folder = folder;
  const auto attempt = [&](const auto& read) {
    try {
      read();
    } catch (const std::exception& e) {
      record.problems.emplace_back(e.what());
    }
  };
  attempt(
      [&] { record.experiment = std::make_shared<Experiment>(Settings::from_file((folder / "config.cfg").string())); });
  std::error_code error;
  attempt([&] {
    const fs::path path = folder / "metrics.csv";
    if (fs::exists(path, error)) record.history = History::from_csv(read_file(path, Contents::text), path.string());
  });
  attempt([&] {
    if (fs::exists(folder / kResultFile, error)) record.result = RunResult::read(folder / kResultFile);
  });
  const bool running = !trained_by(folder).empty();
  bool checkpoint = false;
  for (const fs::path& path : run_files(folder)) {
    checkpoint = checkpoint || path.extension() == ".h5";
    const auto time = fs::last_write_time(path, error);
    if (!error)
      record.written =
          std::max(record.written, std::chrono::system_clock::to_time_t(std::chrono::file_clock::to_sys(time)));
  }
  record.status = running         ? RunStatus::running
                  : record.result ? (record.result->early ? RunStatus::stopped_early : RunStatus::complete)
                  : checkpoint    ? RunStatus::stopped
                                  : RunStatus::no_checkpoint;
  return record;
}

std::vector<fs::path> find_runs(const fs::path& folder) {
  ensure(fs::is_directory(folder), "'", folder.string(), "' is no folder; give one that holds runs");
  if (is_run(folder)) return {folder};
  std::vector<fs::path> runs;
  const auto look_in = [&](const fs::path& place, int deeper, const auto& again) -> void {
    std::error_code error;
    for (fs::directory_iterator entry(place, error), end; !error && entry != end; entry.increment(error)) {
      std::error_code ignored;
      if (!entry->is_directory(ignored)) continue;
      if (is_run(entry->path())) {
        runs.push_back(entry->path());
      } else if (deeper > 0) {
        again(entry->path(), deeper - 1, again);
      }
    }
  };
  look_in(folder, 1, look_in);
  std::sort(runs.begin(), runs.end());
  std::error_code error;
  std::set<fs::path> known;  // links may lead to one run by several paths
  std::erase_if(runs, [&](const fs::path& run) { return !known.insert(fs::canonical(run, error)).second; });
  return runs;
}

}  // namespace heddle
