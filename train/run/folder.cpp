#include "train/run/folder.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <iterator>
#include <set>
#include <utility>

#include "data/io/file.h"
#include "framework/check.h"
#include "framework/system/beside.h"
#include "framework/system/disk.h"
#include "train/run/checkpoint.h"

namespace heddle {

namespace fs = std::filesystem;

namespace {

constexpr const char* kRunFiles[] = {"config.cfg",  "metrics.csv", "heads.csv", "log.txt",
                                     "samples.txt", "last.h5",     "best.h5",   "result.json"};
constexpr const char* kTokenFile = "tokens";

/// Whether a run writes a file of this name, and begins anew without it.
bool is_run_file(const std::string& name) {
  return std::find(std::begin(kRunFiles), std::end(kRunFiles), name) != std::end(kRunFiles) || is_kept_name(name);
}

std::string host_name() {
  std::array<char, 256> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "an unknown host";
}

}  // namespace

RunFolder::RunFolder(fs::path folder) : folder_(std::move(folder)), lock_(folder_ / ".lock") {
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
  std::set<fs::path> unfinished;
  for (const auto& entry : fs::directory_iterator(folder_)) {
    const fs::path target = target_of(entry.path());
    if (is_run_file(target.filename().string()) || target.filename().string().starts_with(kTokenFile))
      unfinished.insert(target);
  }
  for (const fs::path& target : unfinished) remove_leftovers(target, true);
}

std::vector<fs::path> RunFolder::files() const {
  std::vector<fs::path> all;
  for (const auto& entry : fs::directory_iterator(folder_)) {
    if (is_run_file(entry.path().filename().string())) all.push_back(entry.path());
  }
  std::sort(all.begin(), all.end());
  return all;
}

bool RunFolder::take_lock() {
  std::array<char, 512> holder{};
  const auto read_holder = [&] { return std::max<ssize_t>(0, ::pread(fd_, holder.data(), holder.size() - 1, 0)); };
  if (uninterrupted([&] { return ::flock(fd_, LOCK_EX | LOCK_NB); }) != 0) {
    if (errno != EWOULDBLOCK) {
      notice_ = concat_text("the file system of ", folder_.string(), " has no locks (", std::strerror(errno),
                            "): see to it that no other process trains there");
      return true;
    }
    read_holder();
    ::close(std::exchange(fd_, -1));
    const std::string who = holder[0] != 0 ? holder.data() : "another process";
    throw Error(concat_text("run folder ", folder_.string(), ": ", who,
                            " trains there; wait for it, end it, or choose another run.name"));
  }
  struct stat mine {
  }, there{};
  if (::fstat(fd_, &mine) != 0 || ::stat(lock_.c_str(), &there) != 0 || mine.st_ino != there.st_ino) {
    ::close(std::exchange(fd_, -1));  // who held it has removed it
    return false;
  }
  had_run_ = read_holder() > 0;
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

bool RunFolder::holds_checkpoint() const { return !run_checkpoints(folder_).empty(); }

void RunFolder::check_free() const {
  if (had_run_ && !holds_checkpoint() && fs::exists(folder_ / "config.cfg")) return;
  const std::vector<fs::path> found = files();
  ensure(found.empty(), "run folder ", folder_.string(), " already holds a run (",
         found.empty() ? "" : found[0].filename().string(), "); go on with heddle resume ", folder_.string(),
         ", choose another run.name, or delete it with --run.overwrite=true");
}

void RunFolder::begin(const std::string& config) {
  for (const fs::path& path : files()) {
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
