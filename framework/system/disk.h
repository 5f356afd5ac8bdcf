#pragma once

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "framework/check.h"

namespace heddle {

/// Makes a system call, and again where a signal interrupted it.
template <class Call>
auto uninterrupted(const Call& call) {
  auto result = call();
  while (result < 0 && errno == EINTR) result = call();
  return result;
}

/// An open file. HDF5 1.10 cannot close a file that it failed to flush, and crashes when the program ends. So it never
/// hears of a failed write: the reason is kept here, later writes are dropped, and the archive throws.
class Disk {
 public:
  /// Closes the descriptor at the end.
  explicit Disk(int fd) : fd_(fd) {}
  Disk(const Disk&) = delete;
  Disk& operator=(const Disk&) = delete;
  ~Disk();

  /// errno of the first failed write, else 0.
  int error() const { return error_; }
  std::uint64_t size() const;
  /// Zeros stand for what lies behind the end. False: the disk fails (errno).
  bool read(std::uint64_t at, void* to, std::size_t count) const;
  /// Part of the file as memory, which outlives the Disk; null if it is empty or the system refuses (errno).
  std::shared_ptr<const std::byte> map(std::uint64_t at, std::size_t count) const;
  void write(std::uint64_t at, const void* from, std::size_t count);
  void resize(std::uint64_t size);
  /// Waits until all that was written is on the disk.
  void flush();
  /// Forgets what memory caches of the file, so that the next read asks the disk itself.
  void forget_cache() const;

 private:
  int fd_;
  int error_ = 0;
};

/// The Error of a file that could not be saved: what, why (errno), what to do.
Error save_error(const std::string& target, int error);

/// A new file beside the target (see framework/system/beside.h), removed at the end unless it has become the target.
/// What was left there by processes that died is removed.
class Temporary {
 public:
  /// Errors: the folder is missing or read-only, or something that is no file has the temporary's name.
  explicit Temporary(const std::filesystem::path& target);
  Temporary(const Temporary&) = delete;
  Temporary& operator=(const Temporary&) = delete;
  ~Temporary();

  Disk& disk() { return disk_; }
  /// Gives the file the target's name, for good: also the folder is on the disk. Errors: the system refuses; those of
  /// flush_folder, the file having its name then.
  void become_target();

 private:
  std::filesystem::path target_;
  std::string path_;
  Disk disk_;
  bool renamed_ = false;
};

/// Appends to a file, which is made where there is none. It need not be on the disk yet. Errors: the system refuses;
/// then the file is as it was.
void append_to(const std::filesystem::path& path, std::string_view text);

/// Gives a file the name `target` too, in the place of what has it, for good. False: it cannot be done, as on a file
/// system without links, and what `target` was stays.
bool name_too(const std::filesystem::path& path, const std::filesystem::path& target);

/// Waits until the names that a folder holds are on the disk, where the system can say so. Errors: the disk fails.
void flush_folder(const std::filesystem::path& folder);

}  // namespace heddle
