#include "framework/archive/disk.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "framework/map_file.h"
#include "framework/system/beside.h"

namespace heddle::detail {

Disk::~Disk() { ::close(fd_); }

std::uint64_t Disk::size() const {
  struct stat info {};
  return ::fstat(fd_, &info) == 0 ? static_cast<std::uint64_t>(info.st_size) : 0;
}

bool Disk::read(std::uint64_t at, void* to, std::size_t count) const {
  auto* bytes = static_cast<char*>(to);
  while (count > 0) {
    const ssize_t n = ::pread(fd_, bytes, count, static_cast<off_t>(at));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return false;
    if (n == 0) {
      std::memset(bytes, 0, count);
      return true;
    }
    bytes += n;
    at += static_cast<std::uint64_t>(n);
    count -= static_cast<std::size_t>(n);
  }
  return true;
}

std::shared_ptr<const std::byte> Disk::map(std::uint64_t at, std::size_t count) const {
  return map_file(fd_, at, count);
}

void Disk::write(std::uint64_t at, const void* from, std::size_t count) {
  const auto* bytes = static_cast<const char*>(from);
  while (count > 0 && error_ == 0) {
    const ssize_t n = ::pwrite(fd_, bytes, count, static_cast<off_t>(at));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) {
      error_ = errno;
      return;
    }
    bytes += n;
    at += static_cast<std::uint64_t>(n);
    count -= static_cast<std::size_t>(n);
  }
}

void Disk::resize(std::uint64_t size) {
  if (error_ == 0 && ::ftruncate(fd_, static_cast<off_t>(size)) != 0) error_ = errno;
}

void Disk::flush() {
  if (error_ == 0 && ::fsync(fd_) != 0) error_ = errno;
}

void Disk::forget_cache() const { ::posix_fadvise(fd_, 0, 0, POSIX_FADV_DONTNEED); }

Error save_error(const std::string& target, int error) {
  const bool full = error == ENOSPC || error == EDQUOT || error == EFBIG;
  const bool refused = error == EACCES || error == EPERM || error == EROFS;
  return Error(concat_text("cannot save '", target, "': ", std::strerror(error), "; ",
                           full      ? "free some space (or raise the limit on file sizes)"
                           : refused ? "make its folder writable, or choose another"
                                     : "check its folder and disk",
                           " and save again; a file that was there is untouched"));
}

namespace {

int create(const std::string& path, const std::string& target) {
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0666);
  if (fd < 0) throw save_error(target, errno);
  return fd;
}

}  // namespace

Temporary::Temporary(const std::filesystem::path& target)
    : target_(target), path_(beside(target)), disk_(create(path_, target.string())) {
  remove_leftovers(target);
}

Temporary::~Temporary() {
  if (!renamed_) ::unlink(path_.c_str());
}

void Temporary::become_target() {
  if (::rename(path_.c_str(), target_.c_str()) != 0) throw save_error(target_.string(), errno);
  renamed_ = true;
  // should this fail, the name leads to one whole file or the other
  const int folder =
      ::open(target_.has_parent_path() ? target_.parent_path().c_str() : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0) return;
  ::fsync(folder);
  ::close(folder);
}

}  // namespace heddle::detail
