#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <ctime>
#include <iostream>
#include <map>

#include "data/text/dataset.h"
#include "train/commands/commands.h"
#include "train/commands/json.h"
#include "train/commands/runs/facts.h"
#include "train/run/checkpoint.h"
#include "train/run/folder/folder.h"

namespace heddle {
namespace {

namespace fs = std::filesystem;

struct CleanOptions {
  bool failed = false, checkpoints = false, tokens = false;
  std::int64_t older = 0;
};

/// Files of a run that can go. All have names that heddle gives; what else lies in the folder stays.
std::vector<fs::path> superfluous(const RunRecord& record, const CleanOptions& options, std::time_t now) {
  constexpr std::time_t kDay = 24 * 60 * 60;
  const fs::path& folder = record.folder;
  if (record.status == RunStatus::running) return {};
  if (options.older > 0 && record.written > now - options.older * kDay) return {};
  std::vector<fs::path> files = run_leftovers(folder);
  const auto add = [&](const fs::path& path) {
    std::error_code error;
    if (fs::exists(fs::symlink_status(path, error))) files.push_back(path);
  };
  std::error_code none;
  const auto lock = fs::file_size(folder / ".lock", none);  // it tells who trained there
  const bool failed = options.failed && record.status == RunStatus::no_checkpoint && !none && lock > 0;
  if (failed) {
    for (const fs::path& path : run_files(folder)) add(path);
  }
  const bool over = record.status == RunStatus::complete || record.status == RunStatus::stopped_early;
  if (options.checkpoints && over && fs::exists(folder / "best.h5")) {
    for (const fs::path& path : run_checkpoints(folder)) {
      if (path.filename() != "best.h5") add(path);
    }
  }
  if (failed || (options.tokens && over)) {
    for (const char* name : kTokenCache) add(folder / name);
  }
  if (failed) add(folder / ".lock");  // the last, as it is what others wait for
  return files;
}

/// What a disk has more without the files: one of several names of a file frees nothing.
std::uint64_t freed_bytes(const std::vector<fs::path>& files) {
  std::map<std::pair<dev_t, ino_t>, std::pair<nlink_t, std::uint64_t>> names;
  std::uint64_t bytes = 0;
  for (const fs::path& path : files) {
    struct stat is {};
    if (::lstat(path.c_str(), &is) != 0) continue;
    auto& [gone, size] = names[{is.st_dev, is.st_ino}];
    if (++gone == is.st_nlink) bytes += static_cast<std::uint64_t>(is.st_size);
  }
  return bytes;
}

/// Deletes the files, and returns those that it could not. Errors: another process has the run, or had it since the
/// files were chosen.
std::vector<fs::path> remove(const RunRecord& record, const std::vector<fs::path>& files) {
  const RunFolder held(record.folder);
  ensure(read_record(record.folder).written == record.written, "run folder ", record.folder.string(),
         " was written to meanwhile; look at it again");
  std::vector<fs::path> left;
  std::error_code error;
  for (const fs::path& path : files) {
    fs::remove(path, error);
    if (fs::exists(fs::symlink_status(path, error))) left.push_back(path);
  }
  if (!fs::is_symlink(record.folder)) fs::remove(record.folder, error);  // where nothing lies in it
  return left;
}

}  // namespace

int runs_clean(const std::vector<std::string>& arguments) {
  CleanOptions options;
  bool yes = false, json = false;
  CommandLine line;
  line.usage = "runs clean [FOLDER|RUN] [options]";
  line.summary =
      "Shows what can be deleted of the runs in FOLDER (runs), and with --yes deletes it: what processes left that "
      "died\n"
      "while they saved, and what the options say. Only files are deleted that heddle gave their names, and none of a\n"
      "run that is being trained.";
  line.words = 0;
  line.more_words = 1;
  line.options = {{"failed", options.failed, "runs that ended before their first checkpoint, whole"},
                  {"checkpoints", options.checkpoints,
                   "the checkpoints of runs that are over, but for best.h5; config, log and figures stay"},
                  {"tokens", options.tokens, "of runs that are over the tokens of their text, which are made again"},
                  {"older", options.older, "only of runs that have written nothing for so many days", 0, 36500},
                  {"yes", yes, "delete it"},
                  {"json", json, "print JSON"}};
  if (!line.parse(arguments)) return 0;
  const std::string folder = line.positional.empty() ? "runs" : find_run(line.positional[0]).string();
  const std::time_t now = std::time(nullptr);
  std::vector<std::vector<std::string>> rows;
  nlohmann::json all = nlohmann::json::array();
  std::vector<std::string> notices;
  std::uint64_t total = 0;
  for (const NamedRun& run : runs_in(folder)) {
    std::vector<fs::path> files = superfluous(run.record, options, now);
    if (files.empty()) continue;
    std::uint64_t bytes = freed_bytes(files);
    try {
      for (const fs::path& left : yes ? remove(run.record, files) : std::vector<fs::path>{}) {
        notices.push_back(fmt::format("runs clean: {} could not be deleted", left.string()));
        bytes -= std::min(bytes, freed_bytes({left}));
        std::erase(files, left);
      }
    } catch (const Error& e) {  // it is being trained by now, or another's
      notices.push_back(fmt::format("runs clean: {}", e.what()));
      continue;
    }
    if (files.empty()) continue;
    std::vector<std::string> names;
    for (const fs::path& path : files) names.push_back(path.filename().string());
    rows.push_back({human_bytes(static_cast<double>(bytes)), run.record.folder.string(),
                    fmt::format("{}", fmt::join(names, " "))});
    all.push_back({{"folder", run.record.folder.string()}, {"files", names}, {"bytes", bytes}});
    total += bytes;
  }
  std::string text = rows_text(rows, false);
  text += rows.empty() ? fmt::format("nothing {} deleted\n", notices.empty() ? "can be" : "was")
                       : fmt::format("{} {}{}\n", human_bytes(static_cast<double>(total)),
                                     yes ? "deleted" : "in all, still there", yes ? "" : "; --yes deletes it");
  print_answer(json, {{"deleted", yes}, {"runs", all}, {"bytes", total}}, text);
  std::cout.flush();
  tell(notices);
  return notices.empty() ? 0 : 1;
}

}  // namespace heddle
