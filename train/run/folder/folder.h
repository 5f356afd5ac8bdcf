#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace heddle {

/// What a run wrote into its folder and is gone with it when another begins there; the tokens of its text stay.
std::vector<std::filesystem::path> run_files(const std::filesystem::path& folder);
/// What a process that died while it saved left there; of a run that trains, what it is saving.
std::vector<std::filesystem::path> run_leftovers(const std::filesystem::path& folder);
/// Who trains in a folder ("process 12 on host"); empty: nobody.
std::string trained_by(const std::filesystem::path& folder);

/// A run's folder, held by this process alone while this lives: another one is refused. The lock is the system's (flock
/// on the folder's file `.lock`), so it ends with the process, however that ends. What was made for a run that did not
/// begin is removed again. Of several ranks rank 0 holds it for all, and alone writes.
class RunFolder {
 public:
  /// Makes the folder where there is none, and removes what a process that died while it saved left there. Errors:
  /// another process has it, and which; it cannot be made or written to.
  explicit RunFolder(std::filesystem::path folder);
  RunFolder(const RunFolder&) = delete;
  RunFolder& operator=(const RunFolder&) = delete;
  ~RunFolder();

  const std::filesystem::path& path() const { return folder_; }
  /// Whether a run lies there that can be gone on with, by one of its checkpoints.
  bool holds_checkpoint() const;
  /// Errors: the folder holds a run, or files with the names of a run's. A run that ended before its first checkpoint
  /// is none, as nothing is lost with it.
  void check_free() const;
  /// Removes an earlier run's files and writes the config, as the run begins.
  void begin(const std::string& config);
  /// The run goes on.
  void go_on() { begun_ = true; }
  /// What a person should know: that this file system has no locks. Else empty.
  const std::string& notice() const { return notice_; }

 private:
  /// Errors: as the constructor's. False: the lock's file is another one by now.
  bool take_lock();

  std::filesystem::path folder_, lock_;
  std::vector<std::filesystem::path> made_;  ///< folders, the innermost first
  int fd_ = -1;
  bool had_run_ = false;  ///< an earlier process began a run there
  bool begun_ = false;
  std::string notice_;
};

}  // namespace heddle
