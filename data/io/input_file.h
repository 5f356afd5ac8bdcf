#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

namespace heddle {

/// What is wanted of a file. `text`: files of other kinds are refused by name (see other_kind), and a UTF-8 byte order
/// mark at the beginning is left out.
enum class Contents { bytes, text };

/// A file's contents, read in blocks: its bytes; or, if the first of them say that it is gzip (RFC 1952) or zstd
/// (RFC 8878), what is packed in it. Several members or frames one after another are read as one. Memory is that of a
/// block, and of zstd's window (at most 128 MiB), whatever is packed.
class InputFile {
 public:
  /// `name` begins messages; without one it is the path in quotes. Errors: the file cannot be opened or read; those of
  /// `text`.
  explicit InputFile(const std::filesystem::path& path, Contents wanted = Contents::bytes, std::string name = {});
  ~InputFile();
  InputFile(const InputFile&) = delete;
  InputFile& operator=(const InputFile&) = delete;

  /// Appends the next `count` bytes to `to`, fewer only at the end; returns how many. Errors: the file cannot be read;
  /// what is packed is cut off or damaged.
  std::size_t read(std::string& to, std::size_t count);
  /// Begins again. Errors: a pipe; those of the constructor.
  void rewind();

  /// Bytes that will have been read, where they need not be read to count them: not if they are packed or come from a
  /// pipe or device.
  std::optional<std::uint64_t> size() const;
  /// What begins messages.
  const std::string& name() const { return name_; }
  /// Bytes of the mark that was left out.
  std::size_t skipped() const { return skipped_; }
  /// What all bytes are, mapped, so that they take no memory of the process; null where `size` is not known or is 0.
  /// Errors: the system refuses.
  std::shared_ptr<const std::byte> map() const;

 private:
  class Unpacker;
  class Gzip;
  class Zstd;

  void start();
  bool refill();
  std::size_t read_contents(char* to, std::size_t count);
  std::size_t read_system(char* to, std::size_t count);

  std::filesystem::path path_;
  Contents wanted_;
  std::string name_;
  int fd_;
  std::unique_ptr<Unpacker> unpacker_;  ///< none: the file's bytes are the contents
  std::string raw_;                     ///< a block of the file; used up to raw_at_
  std::size_t raw_at_ = 0;
  std::string head_;  ///< the first of the contents, which were looked at; used up to head_at_
  std::size_t head_at_ = 0, skipped_ = 0;
};

}  // namespace heddle
