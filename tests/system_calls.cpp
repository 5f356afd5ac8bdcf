#include "tests/system_calls.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <set>

namespace heddle {
namespace {

SystemCalls* current = nullptr;

using Kind = SystemCall::Kind;

std::string parent_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == path.npos ? "." : path.substr(0, slash);
}

}  // namespace

SystemCalls::SystemCalls(const std::filesystem::path& folder, std::function<Answer(const SystemCall&)> answer)
    : folder_(folder.string()), answer_(std::move(answer)) {
  while (folder_.ends_with('/')) folder_.pop_back();
  current = this;
}
SystemCalls::~SystemCalls() { current = nullptr; }
SystemCalls* SystemCalls::listening() { return current; }

std::int64_t SystemCalls::answer(SystemCall call, const std::function<std::int64_t(std::size_t)>& make) {
  const std::scoped_lock lock(mutex_);
  const Answer given = answer_ ? answer_(call) : Answer{};
  if (given.error != 0) {
    errno = given.error;
    return -1;
  }
  const std::int64_t done = make(given.most);
  if (done < 0) return done;
  if (call.kind == Kind::read) bytes_read += static_cast<std::uint64_t>(done);
  if (call.kind == Kind::write) call.bytes.resize(static_cast<std::size_t>(done));
  if (call.writes()) made.push_back(std::move(call));
  return done;
}

std::string SystemCalls::inside(const char* path) const {
  const std::string normal = std::filesystem::absolute(path).lexically_normal().string();
  if (normal == folder_ || normal == folder_ + '/') return ".";
  if (!normal.starts_with(folder_ + '/')) return "";
  std::string rest = normal.substr(folder_.size() + 1);
  while (rest.ends_with('/')) rest.pop_back();
  return rest;
}

int SystemCalls::file_at(const std::string& path) {
  const std::scoped_lock lock(mutex_);
  return files_.try_emplace(path, 0).first->second;
}
int SystemCalls::file_of(int fd) {
  const std::scoped_lock lock(mutex_);
  const auto found = open_.find(fd);
  return found == open_.end() ? 0 : found->second.file;
}
std::string SystemCalls::path_of(int fd) const {
  const std::scoped_lock lock(mutex_);
  const auto found = open_.find(fd);
  return found == open_.end() ? "" : found->second.path;
}
bool SystemCalls::is_folder(int fd) const {
  const std::scoped_lock lock(mutex_);
  const auto found = open_.find(fd);
  return found != open_.end() && found->second.is_folder;
}
void SystemCalls::opened(int fd, const std::string& path, bool is_folder) {
  const std::scoped_lock lock(mutex_);
  int& file = files_[path];
  if (file == 0) file = next_file_++;
  open_[fd] = {path, file, is_folder};
}
void SystemCalls::closed(int fd) {
  const std::scoped_lock lock(mutex_);
  open_.erase(fd);
}
void SystemCalls::renamed(const std::string& from, const std::string& to) {
  const std::scoped_lock lock(mutex_);
  files_[to] = files_[from];
}
void SystemCalls::removed(const std::string& path) {
  const std::scoped_lock lock(mutex_);
  files_.erase(path);
}

std::map<std::string, std::string> after_power_cut(const std::vector<SystemCall>& calls, const Rng& rng) {
  std::uint64_t drawn = 0;
  const auto below = [&](std::size_t n) { return static_cast<std::size_t>(rng.below(n, drawn++)); };
  const std::size_t held = below(4);  // 0: all that was not flushed is lost; 3: nothing
  const auto flushed = [&](std::size_t i) {
    const SystemCall& call = calls[i];
    const bool data = call.kind == Kind::write || call.kind == Kind::truncate;
    const std::string folder = parent_of(call.path);
    return std::any_of(calls.begin() + static_cast<std::ptrdiff_t>(i), calls.end(), [&](const SystemCall& later) {
      return data ? later.kind == Kind::flush && later.file == call.file
                  : later.kind == Kind::flush_folder && later.path == folder;
    });
  };
  std::map<int, std::string> contents;
  std::map<std::string, int> names;
  std::set<std::string> folders{"."};
  for (std::size_t i = 0; i < calls.size(); ++i) {
    const SystemCall& call = calls[i];
    const bool kept = flushed(i), lucky = below(3) < held;
    if (call.kind == Kind::write) {
      std::string& all = contents[call.file];
      const std::size_t fate = kept ? 0 : lucky ? below(3) : 3 + below(2);
      const std::size_t count = fate == 1 ? below(call.bytes.size() + 1) : call.bytes.size();
      if (fate == 3) continue;
      if (all.size() < call.at + count) all.resize(call.at + count, '\0');
      if (fate != 4) all.replace(call.at, count, call.bytes, 0, count);
    } else if (call.kind == Kind::truncate) {
      if (kept || lucky) contents[call.file].resize(call.at, '\0');
    } else if (kept || lucky) {
      if (call.kind == Kind::make_folder) folders.insert(call.path);
      if (call.kind == Kind::create) names[call.path] = call.file;
      if (call.kind == Kind::remove) names.erase(call.path);
      if (call.kind == Kind::rename) names.erase(call.path);
      if (call.kind == Kind::rename || call.kind == Kind::link) names[call.to] = call.file;
    }
  }
  std::map<std::string, std::string> left;
  for (const auto& [name, file] : names) {
    if (folders.contains(parent_of(name))) left[name] = contents[file];
  }
  return left;
}

}  // namespace heddle

// --- the functions that come before libc's ---

using heddle::SystemCall;
using heddle::SystemCalls;
using Kind = SystemCall::Kind;

namespace {

/// Makes the call, or where somebody listens and it is about a file of theirs, has it answered.
template <class Make>
std::int64_t call(Kind kind, int fd, std::uint64_t at, const void* bytes, std::size_t count, const Make& make) {
  SystemCalls* const here = SystemCalls::listening();
  const std::string path = here == nullptr ? "" : here->path_of(fd);
  if (path.empty()) return make(count);
  SystemCall about{kind, path, {}, here->file_of(fd), at, {}, count};
  if (kind == Kind::write) about.bytes.assign(static_cast<const char*>(bytes), count);
  return here->answer(std::move(about), [&](std::size_t most) { return make(std::min(most, count)); });
}

int open_file(const char* path, int flags, unsigned mode) {
  const auto make = [&] { return static_cast<int>(::syscall(SYS_openat, AT_FDCWD, path, flags, mode)); };
  SystemCalls* const here = SystemCalls::listening();
  const std::string name = here == nullptr || (flags & O_TMPFILE) == O_TMPFILE ? "" : here->inside(path);
  if (name.empty()) return make();
  struct stat info {};
  const bool there = ::lstat(path, &info) == 0;
  const bool creates = (flags & O_CREAT) != 0 && !there;
  int fd = -1;
  here->answer({creates ? Kind::create : Kind::open, name, {}, 0, 0, {}, 0}, [&](std::size_t) {
    fd = make();
    if (fd >= 0) here->opened(fd, name, (flags & O_DIRECTORY) != 0);
    return fd;
  });
  if (fd >= 0 && creates) here->made.back().file = here->file_of(fd);
  if (fd >= 0 && there && (flags & O_TRUNC) != 0)
    here->made.push_back({Kind::truncate, name, {}, here->file_of(fd), 0, {}, 0});
  return fd;
}

/// A call about names, of `path` and maybe `to`.
template <class Make>
int name_call(Kind kind, const char* path, const char* to, const Make& make) {
  SystemCalls* const here = SystemCalls::listening();
  const std::string name = here == nullptr ? "" : here->inside(path);
  if (name.empty()) return make();
  const std::string new_name = to == nullptr ? "" : here->inside(to);
  SystemCall about{kind, name, new_name, here->file_at(name), 0, {}, 0};
  return static_cast<int>(here->answer(std::move(about), [&](std::size_t) {
    const int done = make();
    if (done == 0 && to != nullptr) here->renamed(name, new_name);
    if (done == 0 && (kind == Kind::remove || kind == Kind::rename)) here->removed(name);
    return done;
  }));
}

}  // namespace

// NOLINTBEGIN: libc's names
extern "C" {

int open(const char* path, int flags, ...) {
  va_list more;
  va_start(more, flags);
  const unsigned mode = (flags & O_CREAT) != 0 || (flags & O_TMPFILE) == O_TMPFILE ? va_arg(more, unsigned) : 0;
  va_end(more);
  return open_file(path, flags, mode);
}

int close(int fd) {
  if (SystemCalls* const here = SystemCalls::listening()) here->closed(fd);
  return static_cast<int>(::syscall(SYS_close, fd));
}

ssize_t read(int fd, void* to, std::size_t count) {
  return call(Kind::read, fd, 0, nullptr, count, [&](std::size_t n) { return ::syscall(SYS_read, fd, to, n); });
}
ssize_t pread(int fd, void* to, std::size_t count, off_t at) {
  return call(Kind::read, fd, 0, nullptr, count, [&](std::size_t n) { return ::syscall(SYS_pread64, fd, to, n, at); });
}
ssize_t pwrite(int fd, const void* from, std::size_t count, off_t at) {
  return call(Kind::write, fd, static_cast<std::uint64_t>(at), from, count,
              [&](std::size_t n) { return ::syscall(SYS_pwrite64, fd, from, n, at); });
}
int ftruncate(int fd, off_t size) noexcept {
  return static_cast<int>(call(Kind::truncate, fd, static_cast<std::uint64_t>(size), nullptr, 0,
                               [&](std::size_t) { return ::syscall(SYS_ftruncate, fd, size); }));
}
int truncate(const char* path, off_t size) noexcept {
  SystemCalls* const here = SystemCalls::listening();
  const auto make = [&] { return static_cast<int>(::syscall(SYS_truncate, path, size)); };
  const std::string name = here == nullptr ? "" : here->inside(path);
  if (name.empty()) return make();
  return static_cast<int>(
      here->answer({Kind::truncate, name, {}, here->file_at(name), static_cast<std::uint64_t>(size), {}, 0},
                   [&](std::size_t) { return make(); }));
}
int fsync(int fd) {
  SystemCalls* const here = SystemCalls::listening();
  return static_cast<int>(call(here != nullptr && here->is_folder(fd) ? Kind::flush_folder : Kind::flush, fd, 0,
                               nullptr, 0, [&](std::size_t) { return 0; }));  // no test is there when the power fails
}
int posix_fadvise(int fd, off_t at, off_t count, int advice) noexcept {
  return static_cast<int>(call(Kind::forget, fd, static_cast<std::uint64_t>(at), nullptr, 0,
                               [&](std::size_t) { return ::syscall(SYS_fadvise64, fd, at, count, advice); }));
}

int rename(const char* from, const char* to) noexcept {
  return name_call(Kind::rename, from, to,
                   [&] { return static_cast<int>(::syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0)); });
}
int link(const char* from, const char* to) noexcept {
  return name_call(Kind::link, from, to,
                   [&] { return static_cast<int>(::syscall(SYS_linkat, AT_FDCWD, from, AT_FDCWD, to, 0)); });
}
int unlink(const char* path) noexcept {
  return name_call(Kind::remove, path, nullptr,
                   [&] { return static_cast<int>(::syscall(SYS_unlinkat, AT_FDCWD, path, 0)); });
}
int remove(const char* path) noexcept {
  return name_call(Kind::remove, path, nullptr, [&] {
    const auto unlinked = static_cast<int>(::syscall(SYS_unlinkat, AT_FDCWD, path, 0));
    return unlinked != 0 && errno == EISDIR ? static_cast<int>(::syscall(SYS_unlinkat, AT_FDCWD, path, AT_REMOVEDIR))
                                            : unlinked;
  });
}
int mkdir(const char* path, mode_t mode) noexcept {
  return name_call(Kind::make_folder, path, nullptr,
                   [&] { return static_cast<int>(::syscall(SYS_mkdirat, AT_FDCWD, path, mode)); });
}

}  // extern "C"
// NOLINTEND
