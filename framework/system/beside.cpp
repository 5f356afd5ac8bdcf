#include "framework/system/beside.h"

#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <string>
#include <vector>

namespace heddle {

namespace fs = std::filesystem;

namespace {

constexpr const char* kMark = ".tmp-";

/// The process that wrote there, by the name of `path`; 0: it is no such file.
pid_t writer_of(const fs::path& path) {
  const std::string name = path.filename().string();
  const std::size_t mark = name.rfind(kMark);
  if (mark == name.npos) return 0;
  pid_t pid = 0;
  const char* const last = name.data() + name.size();
  const auto [end, bad] = std::from_chars(name.data() + mark + std::strlen(kMark), last, pid);
  return bad == std::errc() && end == last && pid > 0 ? pid : 0;
}

}  // namespace

fs::path beside(const fs::path& target) { return target.string() + kMark + std::to_string(::getpid()); }

fs::path target_of(const fs::path& path) {
  if (writer_of(path) == 0) return {};
  const std::string name = path.string();
  return name.substr(0, name.rfind(kMark));
}

void remove_leftovers(const fs::path& target) {
  std::vector<fs::path> found;
  std::error_code error;
  fs::directory_iterator at(target.has_parent_path() ? target.parent_path() : ".", error);
  for (; !error && at != fs::directory_iterator(); at.increment(error)) {
    if (target_of(at->path()).filename() != target.filename()) continue;
    const bool lives = ::kill(writer_of(at->path()), 0) == 0 || errno != ESRCH;
    if (!lives) found.push_back(at->path());
  }
  for (const fs::path& path : found) {
    if (!fs::is_directory(path, error)) fs::remove(path, error);
  }
}

}  // namespace heddle
