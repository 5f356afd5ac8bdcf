#include "framework/system/beside.h"

#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <string>
#include <vector>

namespace heddle {

namespace fs = std::filesystem;

namespace {

constexpr const char* kMark = ".tmp-";

}  // namespace

fs::path beside(const fs::path& target) { return target.string() + kMark + std::to_string(::getpid()); }

std::vector<fs::path> leftovers(const fs::path& target, bool all) {
  const std::string begin = target.filename().string() + kMark;
  std::vector<fs::path> found;
  std::error_code error;
  fs::directory_iterator at(target.has_parent_path() ? target.parent_path() : ".", error);
  for (; !error && at != fs::directory_iterator(); at.increment(error)) {
    const std::string name = at->path().filename().string();
    if (!name.starts_with(begin)) continue;
    pid_t pid = 0;
    const char* const last = name.data() + name.size();
    const auto [end, bad] = std::from_chars(name.data() + begin.size(), last, pid);
    if (bad != std::errc() || end != last || pid <= 0) continue;
    const bool lives = ::kill(pid, 0) == 0 || errno != ESRCH;
    if ((all || !lives) && !fs::is_directory(at->path(), error)) found.push_back(at->path());
  }
  return found;
}

void remove_leftovers(const fs::path& target, bool all) {
  std::error_code error;
  for (const fs::path& path : leftovers(target, all)) fs::remove(path, error);
}

}  // namespace heddle
