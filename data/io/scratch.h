#pragma once

#include <cstddef>
#include <filesystem>
#include <memory>
#include <string>

namespace heddle {

/// Bytes that are written one after another and then mapped: a file without a name, which is gone with the program
/// however that ends; memory, where the folder takes none.
class Scratch {
 public:
  /// `what` is kept in it, for messages. An empty folder: memory.
  Scratch(const std::filesystem::path& folder, std::string what);
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  ~Scratch();

  /// Errors: no space is left.
  void write(const void* bytes, std::size_t count);
  std::size_t size() const { return size_; }
  /// All that was written; it outlives the Scratch. Null if that is nothing. Errors: the system refuses.
  std::shared_ptr<const std::byte> map() const;

 private:
  [[noreturn]] void fail() const;

  std::filesystem::path folder_;
  std::string what_;
  int fd_ = -1;
  std::size_t size_ = 0;
};

}  // namespace heddle
