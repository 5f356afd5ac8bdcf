#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <limits>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "framework/rng.h"

/// What the program asks of the system about files, listened to and answered otherwise: these functions come before
/// libc's, so the program itself knows nothing of it. With power cuts: what a disk may hold after one.
namespace heddle {

/// A call about a file of the folder that is listened to; paths begin at that.
struct SystemCall {
  enum class Kind {
    create,
    open,
    read,
    write,
    truncate,
    flush,
    forget,
    flush_folder,
    rename,
    remove,
    link,
    make_folder
  };
  Kind kind = Kind::open;
  std::string path, to{};   ///< `to`: the new name
  int file = 0;             ///< a number for each file, whatever its name
  std::uint64_t at = 0;     ///< where a write begins, the size that a truncation leaves
  std::string bytes{};      ///< that were written
  std::uint64_t count = 0;  ///< bytes that were read, or are to be written

  bool writes() const { return kind != Kind::open && kind != Kind::read && kind != Kind::forget; }
};

/// What a call is answered.
struct Answer {
  int error = 0;                                               ///< errno; 0: the call is made
  std::size_t most = std::numeric_limits<std::size_t>::max();  ///< bytes that a read or write does
};

/// While it lives, calls about files in `folder` are answered as `answer` says, and kept where they changed something.
class SystemCalls {
 public:
  explicit SystemCalls(const std::filesystem::path& folder, std::function<Answer(const SystemCall&)> answer = {});
  ~SystemCalls();
  SystemCalls(const SystemCalls&) = delete;
  SystemCalls& operator=(const SystemCalls&) = delete;

  std::vector<SystemCall> made;  ///< those that were made
  std::uint64_t bytes_read = 0;

  // of the functions that come before libc's
  static SystemCalls* listening();
  /// Makes a call that says what `call` does: asks, makes it (count -> bytes or -1), keeps it.
  std::int64_t answer(SystemCall call, const std::function<std::int64_t(std::size_t most)>& make);
  /// Its path from the folder on; empty: it lies elsewhere.
  std::string inside(const char* path) const;
  int file_at(const std::string& path);
  int file_of(int fd);
  std::string path_of(int fd) const;
  void opened(int fd, const std::string& path, bool is_folder);
  void closed(int fd);
  void renamed(const std::string& from, const std::string& to);
  void removed(const std::string& path);
  bool is_folder(int fd) const;

 private:
  struct Open {
    std::string path;
    int file;
    bool is_folder;
  };
  std::string folder_;
  std::function<Answer(const SystemCall&)> answer_;
  std::map<int, Open> open_;
  std::map<std::string, int> files_;
  int next_file_ = 1;
  mutable std::recursive_mutex mutex_;
};

/// The files that a power cut leaves of a folder that was empty before the calls: what was flushed is there, and of the
/// rest any part, as `rng` draws: writes are kept, lost, cut or left as zeros, names lost or kept, whatever the order.
std::map<std::string, std::string> after_power_cut(const std::vector<SystemCall>& calls, const Rng& rng);

}  // namespace heddle
