#include "data/io/scratch.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "framework/check.h"
#include "framework/system/disk.h"
#include "framework/system/map_file.h"

namespace heddle {
namespace {

int open_in(const std::filesystem::path& folder) {
  const int fd = uninterrupted([&] { return ::open(folder.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600); });
  if (fd >= 0) return fd;
  std::string name = (folder / "scratch.XXXXXX").string();  // a file system that knows no files without a name
  const int named = ::mkostemp(name.data(), O_CLOEXEC);
  if (named >= 0) ::unlink(name.c_str());
  return named;
}

}  // namespace

Scratch::Scratch(const std::filesystem::path& folder, std::string what) : folder_(folder), what_(std::move(what)) {
  if (!folder_.empty()) fd_ = open_in(folder_);
  if (fd_ < 0) {
    folder_.clear();
    fd_ = ::memfd_create("scratch", MFD_CLOEXEC);
  }
  if (fd_ < 0) fail();
}

Scratch::~Scratch() { ::close(fd_); }

void Scratch::write(const void* bytes, std::size_t count) {
  for (std::size_t at = 0; at < count;) {
    const ssize_t n = uninterrupted([&] { return ::write(fd_, static_cast<const char*>(bytes) + at, count - at); });
    if (n < 0) fail();
    at += static_cast<std::size_t>(n);
  }
  size_ += count;
}

std::shared_ptr<const std::byte> Scratch::map() const {
  auto bytes = map_file(fd_, 0, size_);
  if (!bytes && size_ > 0) fail();
  return bytes;
}

void Scratch::fail() const {
  throw Error(concat_text(what_, ": cannot be kept in ", folder_.empty() ? "memory" : "'" + folder_.string() + "'",
                          " (", std::strerror(errno), "); free some space"));
}

}  // namespace heddle
