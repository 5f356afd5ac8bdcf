#include "framework/system/disk.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "framework/system/beside.h"
#include "framework/system/map_file.h"

namespace heddle {

Disk::~Disk() { ::close(fd_); }

std::uint64_t Disk::size() const {
  struct stat info {};
  return ::fstat(fd_, &info) == 0 ? static_cast<std::uint64_t>(info.st_size) : 0;
}

bool Disk::read(std::uint64_t at, void* to, std::size_t count) const {
  auto* bytes = static_cast<char*>(to);
  while (count > 0) {
    const ssize_t n = uninterrupted([&] { return ::pread(fd_, bytes, count, static_cast<off_t>(at)); });
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
    const ssize_t n = uninterrupted([&] { return ::pwrite(fd_, bytes, count, static_cast<off_t>(at)); });
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
  if (error_ == 0 && uninterrupted([&] { return ::ftruncate(fd_, static_cast<off_t>(size)); }) != 0) error_ = errno;
}

void Disk::flush() {
  if (error_ == 0 && uninterrupted([&] { return ::fsync(fd_); }) != 0) error_ = errno;
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

std::string folder_of(const std::filesystem::path& path) {
  return path.has_parent_path() ? path.parent_path().string() : ".";
}

/// Takes away what has a temporary's name: what is opened anew may have a second name, and would be lost under both.
const std::string& freed(const std::string& path) {
  ::unlink(path.c_str());
  return path;
}

int create(const std::string& path, int flags, const std::string& target) {
  const int fd = uninterrupted([&] { return ::open(path.c_str(), flags | O_CREAT | O_CLOEXEC, 0666); });
  if (fd < 0) throw save_error(target, errno);
  return fd;
}

}  // namespace

Temporary::Temporary(const std::filesystem::path& target)
    : target_(target), path_(beside(target)), disk_(create(freed(path_), O_RDWR | O_EXCL, target.string())) {
  remove_leftovers(target);
}

Temporary::~Temporary() {
  if (!renamed_) ::unlink(path_.c_str());
}

void Temporary::become_target() {
  if (::rename(path_.c_str(), target_.c_str()) != 0) throw save_error(target_.string(), errno);
  renamed_ = true;
  flush_folder(folder_of(target_));  // should this fail, the name leads to one whole file or the other
}

void append_to(const std::filesystem::path& path, std::string_view text) {
  Disk disk(create(path, O_WRONLY | O_APPEND, path.string()));
  const std::uint64_t before = disk.size();
  disk.write(before, text.data(), text.size());
  if (disk.error() == 0) return;
  std::error_code ignored;
  std::filesystem::resize_file(path, before, ignored);
  throw save_error(path.string(), disk.error());
}

bool name_too(const std::filesystem::path& path, const std::filesystem::path& target) {
  const std::string temporary = freed(beside(target).string());
  const bool done = ::link(path.c_str(), temporary.c_str()) == 0 && ::rename(temporary.c_str(), target.c_str()) == 0;
  ::unlink(temporary.c_str());  // is still there where the rename failed, or both names were of one file already
  if (done) flush_folder(folder_of(target));
  return done;
}

void flush_folder(const std::filesystem::path& folder) {
  const int fd = uninterrupted([&] { return ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); });
  int error = fd < 0 ? errno : 0;
  if (fd >= 0 && uninterrupted([&] { return ::fsync(fd); }) != 0) error = errno;
  if (fd >= 0) ::close(fd);
  // a folder that may be written to and not read, and file systems that flush no folders
  const bool cannot = error == EACCES || error == EINVAL || error == EBADF || error == ENOTSUP;
  ensure(error == 0 || cannot, "the names in folder ", folder.string(),
         " cannot be flushed to the disk: ", std::strerror(error), "; check the disk");
}

}  // namespace heddle
