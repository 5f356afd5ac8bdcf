#include "data/io/input_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "data/io/other_kind.h"
#include "framework/check.h"
#include "framework/system/disk.h"
#include "framework/system/map_file.h"

namespace heddle {
namespace {

using namespace std::string_view_literals;

constexpr std::size_t kBlock = std::size_t{1} << 17U;

/// A method of compression, no flag that is not known; or cut off before them.
bool is_gzip(std::string_view bytes) {
  return bytes.starts_with("\x1F\x8B"sv) && (bytes.size() < 3 || bytes[2] == 8) &&
         (bytes.size() < 4 || (static_cast<unsigned char>(bytes[3]) & 0xE0U) == 0);
}

/// A frame, or one that holds nothing to read (of which there are 16 kinds), as those that pzstd writes first.
bool is_zstd(std::string_view bytes) {
  return bytes.starts_with("\x28\xB5\x2F\xFD"sv) ||
         (bytes.size() >= 4 && (static_cast<unsigned char>(bytes[0]) & 0xF0U) == 0x50U &&
          bytes.substr(1, 3) == "\x2A\x4D\x18"sv);
}

}  // namespace

class InputFile::Unpacker {
 public:
  explicit Unpacker(InputFile& file) : file_(file) {}
  virtual ~Unpacker() = default;
  virtual std::size_t read(char* to, std::size_t count) = 0;
  virtual const char* name() const = 0;
  /// The program that unpacks such a file beside it.
  virtual const char* command() const = 0;

 protected:
  [[noreturn]] void fail_cut_off() const {
    throw Error(concat_text(file_.name_, " is cut off: its ", name(), " data end too early; get the whole file"));
  }
  [[noreturn]] void fail_damaged(const char* why) const {
    throw Error(concat_text(file_.name_, " is damaged: its ", name(), " data cannot be unpacked (", why,
                            "); get the file again"));
  }

  InputFile& file_;
};

class InputFile::Gzip : public Unpacker {
 public:
  explicit Gzip(InputFile& file) : Unpacker(file) {
    constexpr int kLargestWindow = 15, kGzipAlone = 16;
    ensure(inflateInit2(&stream_, kLargestWindow + kGzipAlone) == Z_OK, file_.name_, ": no memory to unpack it");
  }
  Gzip(const Gzip&) = delete;
  Gzip& operator=(const Gzip&) = delete;
  ~Gzip() override { inflateEnd(&stream_); }
  const char* name() const override { return "gzip"; }
  const char* command() const override { return "gunzip -k"; }

  std::size_t read(char* to, std::size_t count) override {
    std::size_t done = 0;
    while (done < count) {
      if (file_.raw_at_ == file_.raw_.size() && !file_.refill()) {
        if (inside_) fail_cut_off();
        return done;
      }
      if (!inside_) {  // zeros may fill the rest of a tape's block
        file_.raw_at_ = std::min(file_.raw_.find_first_not_of('\0', file_.raw_at_), file_.raw_.size());
        inside_ = file_.raw_at_ < file_.raw_.size();
        continue;
      }
      stream_.next_in = reinterpret_cast<Bytef*>(file_.raw_.data() + file_.raw_at_);
      stream_.avail_in = static_cast<uInt>(file_.raw_.size() - file_.raw_at_);
      stream_.next_out = reinterpret_cast<Bytef*>(to + done);
      const auto room = static_cast<uInt>(std::min<std::size_t>(count - done, 1U << 30U));
      stream_.avail_out = room;
      const int result = inflate(&stream_, Z_NO_FLUSH);
      file_.raw_at_ = file_.raw_.size() - stream_.avail_in;
      done += room - stream_.avail_out;
      if (result == Z_STREAM_END) {
        inflateReset(&stream_);
        inside_ = false;
      } else if (result != Z_OK && result != Z_BUF_ERROR) {
        fail_damaged(stream_.msg != nullptr ? stream_.msg : zError(result));
      }
    }
    return done;
  }

 private:
  z_stream stream_{};
  bool inside_ = true;  ///< of a member, which is not at its end
};

class InputFile::Zstd : public Unpacker {
 public:
  explicit Zstd(InputFile& file) : Unpacker(file), stream_(ZSTD_createDStream(), ZSTD_freeDStream) {
    ensure(stream_ != nullptr, file_.name_, ": no memory to unpack it");
  }
  const char* name() const override { return "zstd"; }
  const char* command() const override { return "zstd -d"; }

  std::size_t read(char* to, std::size_t count) override {
    ZSTD_outBuffer out{to, count, 0};
    while (out.pos < out.size) {
      const bool at_end = file_.raw_at_ == file_.raw_.size() && !file_.refill();
      if (at_end && !inside_) break;
      ZSTD_inBuffer in{file_.raw_.data(), file_.raw_.size(), file_.raw_at_};
      const std::size_t before = out.pos, result = ZSTD_decompressStream(stream_.get(), &out, &in);
      if (ZSTD_isError(result) != 0) fail(result);
      file_.raw_at_ = in.pos;
      inside_ = result != 0;
      if (at_end && out.pos == before && inside_) fail_cut_off();
    }
    return out.pos;
  }

 private:
  [[noreturn]] void fail(std::size_t result) const {
    ensure(ZSTD_getErrorCode(result) != ZSTD_error_frameParameter_windowTooLarge, file_.name_,
           " was packed with more memory than is given to unpack it (zstd --long); unpack it first: zstd -d --long=31 ",
           shell_quoted(file_.path_.string()));
    fail_damaged(ZSTD_getErrorName(result));
  }

  std::unique_ptr<ZSTD_DStream, std::size_t (*)(ZSTD_DStream*)> stream_;
  bool inside_ = false;  ///< of a frame, which is not at its end
};

InputFile::InputFile(const std::filesystem::path& path, Contents wanted, std::string name)
    : path_(path),
      wanted_(wanted),
      name_(name.empty() ? "'" + path.string() + "'" : std::move(name)),
      fd_(uninterrupted([&] { return ::open(path.c_str(), O_RDONLY | O_CLOEXEC); })) {
  ensure(fd_ >= 0, name_, " cannot be opened (", std::strerror(errno), ")");
  try {
    start();
  } catch (...) {
    ::close(fd_);
    throw;
  }
}

InputFile::~InputFile() { ::close(fd_); }

void InputFile::start() {
  head_.clear();
  head_at_ = 0;
  unpacker_.reset();
  refill();
  if (is_gzip(raw_)) unpacker_ = std::make_unique<Gzip>(*this);
  if (is_zstd(raw_)) unpacker_ = std::make_unique<Zstd>(*this);
  if (wanted_ == Contents::bytes) return;
  std::string head;
  read(head, 4096);
  const std::string kind = other_kind(head, path_.string());
  if (!kind.empty() && unpacker_ != nullptr) {
    throw Error(concat_text(name_, " holds, packed with ", unpacker_->name(), ", what ", kind.substr(0, kind.find(';')),
                            "; unpack it first: ", unpacker_->command(), " ", shell_quoted(path_.string())));
  }
  ensure(kind.empty(), name_, " ", kind);
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  head_ = std::move(head);
  head_at_ = skipped_ = head_.starts_with(kByteOrderMark) ? kByteOrderMark.size() : 0;
}

void InputFile::rewind() {
  ensure(::lseek(fd_, 0, SEEK_SET) == 0, name_, " can be read only once (", std::strerror(errno),
         "); save it as a file");
  start();
}

std::size_t InputFile::read(std::string& to, std::size_t count) {
  const std::size_t before = to.size(), known = std::min(count, head_.size() - head_at_);
  to.append(head_, head_at_, known);
  head_at_ += known;
  std::size_t done = known;
  if (known < count) {
    to.resize(before + count);
    done += read_contents(to.data() + before + known, count - known);
    to.resize(before + done);
  }
  return done;
}

std::size_t InputFile::read_contents(char* to, std::size_t count) {
  if (unpacker_) return unpacker_->read(to, count);
  std::size_t done = raw_.copy(to, count, raw_at_);
  raw_at_ += done;
  while (done < count) {
    const std::size_t n = read_system(to + done, count - done);
    if (n == 0) break;
    done += n;
  }
  return done;
}

bool InputFile::refill() {
  raw_.resize(kBlock);
  raw_at_ = 0;
  std::size_t size = 0;  // the first bytes tell what it is, and a pipe may hand them over one by one
  for (std::size_t n = 1; n > 0 && size < kBlock; size += n) n = read_system(raw_.data() + size, kBlock - size);
  raw_.resize(size);
  return size > 0;
}

std::size_t InputFile::read_system(char* to, std::size_t count) {
  const ssize_t n = uninterrupted([&] { return ::read(fd_, to, count); });
  ensure(n >= 0, name_, " cannot be read (", std::strerror(errno), ")");
  return static_cast<std::size_t>(n);
}

std::optional<std::uint64_t> InputFile::size() const {
  struct stat info {};
  if (unpacker_ || ::fstat(fd_, &info) != 0 || !S_ISREG(info.st_mode)) return std::nullopt;
  const auto bytes = static_cast<std::uint64_t>(info.st_size);
  return bytes - std::min<std::uint64_t>(skipped_, bytes);
}

std::shared_ptr<const std::byte> InputFile::map() const {
  const std::uint64_t count = size().value_or(0);
  auto bytes = map_file(fd_, skipped_, count);
  ensure(bytes || count == 0, name_, " cannot be read (", std::strerror(errno), ")");
  return bytes;
}

}  // namespace heddle
