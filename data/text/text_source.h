#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "data/io/input_file.h"

namespace heddle {

/// As list_files, but that of folders what is known not to be text (see other_kind) is left out as well.
std::vector<std::string> list_texts(const std::vector<std::string>& paths, const char* what,
                                    std::vector<std::string>& notices);

/// What stands between two files that are read as one text; nothing: a line end, where the first lacks one.
using Separator = std::optional<std::string>;

/// The bytes of text files, one file after another, read in blocks: text of any size. Files that are packed (gzip,
/// zstd) are the text in them, also for sizes and places; a UTF-8 byte order mark at the beginning of a file is left
/// out.
class TextSource {
 public:
  /// Each path is a file or a folder (see list_texts), or builtin:kingdom, `builtin_size` characters of seed `seed`.
  /// What is packed is read once to count its bytes. Errors: nothing there, no file in a folder, what is not a regular
  /// file, not text (see other_kind), damaged or cannot be listed, an unknown builtin.
  explicit TextSource(const std::vector<std::string>& paths, std::int64_t builtin_size = 2000000,
                      std::uint64_t seed = 1, Separator separator = {});

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
  /// What there is to say of the files, and of what was read: how many files there are of each kind, what was left out,
  /// and the first place of what texts seldom hold, byte order marks, CR and NUL.
  std::vector<std::string> notices() const;
  /// "PATH: byte 12": byte `at` of the whole as the user finds it.
  std::string place(std::uint64_t at) const;

 private:
  struct File {
    std::string path;
    std::uint64_t begin;  ///< byte of the whole at which it begins
    std::uint64_t size;
    std::uint64_t skipped;                         ///< bytes of it that stand before the text: a byte order mark
    std::shared_ptr<const std::string> literal{};  ///< what is read in the place of a file
  };
  /// Adds a file, and before it what separates it from the one before.
  void add(const std::string& path);
  void add(File file, bool ends_in_line);
  void note(std::string_view part);
  const File& file_at(std::uint64_t at) const;
  /// What NUL is, at its first place, and what to do.
  std::string nul_text() const;
  std::string files_text() const;

  std::vector<File> files_;
  std::uint64_t size_ = 0, at_ = 0;
  std::size_t current_ = 0;  ///< the file that is read
  std::unique_ptr<InputFile> in_;
  std::optional<std::uint64_t> first_nul_, first_cr_, first_mark_;
  std::string seam_;  ///< the last bytes that were read of a file: a mark may reach over a block's end
  bool refuses_nul_ = false, ends_in_line_ = true;  ///< the files so far
  Separator separator_;
  std::shared_ptr<const std::string> builtin_;  ///< the text of builtin:kingdom
  std::vector<std::string> left_out_;
};

}  // namespace heddle
