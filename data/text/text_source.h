#pragma once

#include <cstdint>
#include <fstream>
#include <string>
#include <vector>

namespace heddle {

/// The bytes of files, one file after another, read in blocks: text of any size.
class TextSource {
 public:
  /// Each path is a file or a folder (every file in it and below, in the order of their paths, but for names that begin
  /// with a dot), or builtin:kingdom, `builtin_size` characters of seed `seed`. Errors: nothing there, no file in a
  /// folder, what is not a regular file or cannot be listed, an unknown builtin.
  explicit TextSource(const std::vector<std::string>& paths, std::int64_t builtin_size = 2000000,
                      std::uint64_t seed = 1);

  /// Appends the next bytes, at most `count`, to `text`; false at the end. Errors: a file that cannot be read.
  bool read(std::string& text, std::size_t count);
  /// All that is left.
  std::string read_all();
  /// Begins again.
  void rewind();

  /// Bytes of all files.
  std::uint64_t size() const { return size_; }
  /// "PATH: byte 12": byte `at` of the whole as the user finds it.
  std::string place(std::uint64_t at) const;

 private:
  struct File {
    std::string path;
    std::uint64_t begin;  ///< byte of the whole at which it begins
    std::uint64_t size;
  };
  void add(const std::string& path);

  std::vector<File> files_;
  std::uint64_t size_ = 0, at_ = 0;
  std::size_t current_ = 0;  ///< the file that is read
  std::ifstream in_;
  std::string builtin_;  ///< the text of builtin:kingdom
};

}  // namespace heddle
