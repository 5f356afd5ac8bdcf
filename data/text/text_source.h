#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "data/io/input_file.h"

namespace heddle {

/// The bytes of text files, one file after another, read in blocks: text of any size. Files that are packed (gzip,
/// zstd) are the text in them, also for sizes and places; a UTF-8 byte order mark at the beginning of a file is left
/// out.
class TextSource {
 public:
  /// Each path is a file or a folder (every file in it and below, in the order of their paths, but for names that begin
  /// with a dot), or builtin:kingdom, `builtin_size` characters of seed `seed`. What is packed is read once
  /// to count its bytes. Errors: nothing there, no file in a folder, what is not a regular file, not text (see
  /// other_kind), damaged or cannot be listed, an unknown builtin.
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
  /// From now on a NUL byte is an error, which names its place.
  void refuse_nul() { refuses_nul_ = true; }
  /// The same as a notice, of the first that was read; empty where none was.
  std::string nul_notice() const;
  /// "PATH: byte 12": byte `at` of the whole as the user finds it.
  std::string place(std::uint64_t at) const;

 private:
  struct File {
    std::string path;
    std::uint64_t begin;  ///< byte of the whole at which it begins
    std::uint64_t size;
    std::uint64_t skipped;  ///< bytes of it that stand before the text: a byte order mark
  };
  void add(const std::string& path);
  void note_nul(std::string_view part);
  const File& file_at(std::uint64_t at) const;

  std::vector<File> files_;
  std::uint64_t size_ = 0, at_ = 0;
  std::size_t current_ = 0;  ///< the file that is read
  std::unique_ptr<InputFile> in_;
  std::optional<std::uint64_t> first_nul_;
  bool refuses_nul_ = false;
  std::string builtin_;  ///< the text of builtin:kingdom
};

}  // namespace heddle
