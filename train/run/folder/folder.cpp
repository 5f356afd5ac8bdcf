#include "train/run/folder/folder.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <functional>
#include <iterator>
#include <utility>

#include "data/io/file.h"
#include "data/text/dataset.h"
#include "framework/check.h"
#include "framework/system/beside.h"
#include "framework/system/disk.h"
#include "framework/system/ranks.h"
#include "train/export/tensorboard/event_file.h"
#include "train/run/checkpoint.h"

namespace heddle {

namespace fs = std::filesystem;

namespace {

constexpr const char* kRunFiles[] = {"config.cfg",  "metrics.csv", "heads.csv", "log.txt",
                                     "samples.txt", "last.h5",     "best.h5",   "result.json"};

template <class Names>
bool contains(const Names& names, const std::string& name) {
  return std::find(std::begin(names), std::end(names), name) != std::end(names);
}

/// Whether a run writes a file of this name, and begins anew without it.
bool is_run_file(const std::string& name) {
  return contains(kRunFiles, name) || is_kept_name(name) || is_event_file(name);
}

/// Of a folder's files those that are `wanted`, sorted; none, if there is no folder.
std::vector<fs::path> files_in(const fs::path& folder, const std::function<bool(const fs::path&)>& wanted) {
  std::vector<fs::path> files;
  std::error_code error;
  for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    if (wanted(at->path())) files.push_back(at->path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

/// Who holds the lock that is open as `fd`.
std::string holder_of(int fd) {
  std::array<char, 512> holder{};
  const bool told = ::pread(fd, holder.data(), holder.size() - 1, 0) > 0;
  return told ? holder.data() : "another process";
}

}  // namespace

std::vector<fs::path> run_files(const fs::path& folder) {
  return files_in(folder, [](const fs::path& path) { return is_run_file(path.filename().string()); });
}

std::vector<fs::path> run_leftovers(const fs::path& folder) {
  return files_in(folder, [](const fs::path& path) {
    const std::string target = target_of(path).filename().string();
    std::error_code error;
    return (is_run_file(target) || contains(kTokenCache, target)) && !fs::is_directory(path, error);
  });
}

std::string trained_by(const fs::path& folder) {
  const int fd = ::open((folder / ".lock").c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return "";
  const bool held = ::flock(fd, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK;
  const std::string who = held ? holder_of(fd) : "";
  ::close(fd);
  return who;
}

RunFolder::RunFolder(fs::path folder) : folder_(std::move(folder)), lock_(folder_ / ".lock") {
  if (rank() != 0) return;
  const auto fail = [&](const char* what, const std::string& why) {
    throw Error(concat_text("run folder ", folder_.string(), " cannot be ", what, " (", why,
                            "); choose another with --run.dir=FOLDER"));
  };
  do {
    std::error_code error;
    for (fs::path at = folder_; !at.empty() && !fs::exists(at, error); at = at.parent_path()) made_.push_back(at);
    fs::create_directories(folder_, error);
    if (error) fail("made", error.message());
    fd_ = uninterrupted([&] { return ::open(lock_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666); });
    if (fd_ < 0 && errno != ENOENT) fail("written to", std::strerror(errno));
  } while (fd_ < 0 || !take_lock());
  if (!notice_.empty()) return;
  std::error_code error;
  for (const fs::path& path : run_leftovers(folder_)) fs::remove(path, error);
}

bool RunFolder::take_lock() {
  if (uninterrupted([&] { return ::flock(fd_, LOCK_EX | LOCK_NB); }) != 0) {
    if (errno != EWOULDBLOCK) {
      notice_ = concat_text("the file system of ", folder_.string(), " has no locks (", std::strerror(errno),
                            "): see to it that no other process trains there");
      return true;
    }
    const std::string who = holder_of(fd_);
    ::close(std::exchange(fd_, -1));
    throw Error(concat_text("run folder ", folder_.string(), ": ", who,
                            " trains there; wait for it, end it, or choose another run.name"));
  }
  struct stat mine {
  }, there{};
  if (::fstat(fd_, &mine) != 0 || ::stat(lock_.c_str(), &there) != 0 || mine.st_ino != there.st_ino) {
    ::close(std::exchange(fd_, -1));  // who held it has removed it
    return false;
  }
  had_run_ = mine.st_size > 0;
  const std::string who = concat_text("process ", ::getpid(), " on ", host_name());
  // should this fail, as on a full disk, whoever is refused is not told who has it
  [[maybe_unused]] const bool told =
      ::ftruncate(fd_, 0) == 0 && ::pwrite(fd_, who.data(), who.size(), 0) == std::ssize(who);
  return true;
}

RunFolder::~RunFolder() {
  if (fd_ < 0) return;
  std::error_code ignored;
  if (!begun_ && !had_run_) {
    fs::remove(lock_, ignored);
    for (const fs::path& made : made_) fs::remove(made, ignored);  // where nothing lies in it
  }
  ::close(fd_);
}

bool RunFolder::holds_checkpoint() const { return from_root(rank() == 0 && !run_checkpoints(folder_).empty()); }

void RunFolder::check_free() const {
  if (rank() != 0) return;
  if (had_run_ && run_checkpoints(folder_).empty() && fs::exists(folder_ / "config.cfg")) return;
  const std::vector<fs::path> files = run_files(folder_);
  if (files.empty()) return;
  throw Error(concat_text("run folder ", folder_.string(), " already holds a run (", files[0].filename().string(),
                          "); go on with heddle resume ", folder_.string(),
                          ", choose another run.name, or delete it with --run.overwrite=true"));
}

void RunFolder::begin(const std::string& config) {
  if (rank() != 0) return;
  for (const fs::path& path : run_files(folder_)) {
    std::error_code error;
    fs::remove(path, error);
    ensure(!error || path.extension() != ".h5", "run folder ", folder_.string(), ": an earlier run's ",
           path.filename().string(), " cannot be deleted (", error.message(), "); choose another run.name");
  }
  // after a power cut, too, the lock says that what lies here is a run's
  uninterrupted([&] { return ::fsync(fd_); });
  flush_folder(folder_);
  for (const fs::path& made : made_) flush_folder(made.has_parent_path() ? made.parent_path() : ".");
  begun_ = true;
  write_file(folder_ / "config.cfg", config);
}

}  // namespace heddle
