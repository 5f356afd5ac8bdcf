#include "data/io/file.h"

#include <cerrno>
#include <fstream>

#include "data/io/scratch.h"
#include "framework/check.h"
#include "framework/system/disk.h"

namespace heddle {

namespace fs = std::filesystem;

std::string read_file(const fs::path& path, Contents wanted, const std::string& name) {
  constexpr std::size_t kBlock = 1 << 16, kMost = 1 << 30;
  InputFile in(path, wanted, name);
  std::string text;
  while (in.read(text, kBlock) > 0)
    ensure(text.size() <= kMost, in.name(), " holds more than 1 GiB, too much for a file of its kind; is it the one?");
  return text;
}

FileBytes map_contents(const fs::path& path, const std::string& name) {
  InputFile in(path, Contents::bytes, name);
  if (const auto size = in.size()) return {in.map(), *size};
  Scratch unpacked(fs::temp_directory_path(), in.name());
  std::string block;
  for (; in.read(block, 1 << 20) > 0; block.clear()) unpacked.write(block.data(), block.size());
  return {unpacked.map(), unpacked.size()};
}

namespace {

/// The bytes of a stream, into a file block by block.
class DiskBuffer final : public std::streambuf {
 public:
  explicit DiskBuffer(Disk& disk) : disk_(disk), block_(1 << 16) { setp(block_.data(), block_.data() + block_.size()); }

 protected:
  int sync() override {
    const auto count = static_cast<std::size_t>(pptr() - pbase());
    disk_.write(at_, pbase(), count);
    at_ += count;
    setp(block_.data(), block_.data() + block_.size());
    return disk_.error() == 0 ? 0 : -1;
  }
  int_type overflow(int_type c) override {
    if (sync() != 0) return traits_type::eof();
    return c == traits_type::eof() ? 0 : sputc(traits_type::to_char_type(c));
  }

 private:
  Disk& disk_;
  std::vector<char> block_;
  std::uint64_t at_ = 0;
};

/// Calls `write` with a stream; what the stream could not take is an error of errno's, or `why` tells it.
void write_to(std::ostream& out, const NewFile& file, const std::function<int()>& why) {
  try {
    out.exceptions(std::ios::badbit | std::ios::failbit);
    file.write(out);
    out.flush();
  } catch (const std::ios_base::failure&) {
    throw save_error(file.path.string(), why());
  }
}

}  // namespace

void write_files(const std::vector<NewFile>& files) {
  std::vector<std::unique_ptr<Temporary>> written;
  for (const NewFile& file : files) {
    std::error_code ignored;
    const fs::file_status status = fs::status(file.path, ignored);
    if (fs::is_directory(status)) throw save_error(file.path.string(), EISDIR);  // before others get their names
    if (fs::exists(status) && !fs::is_regular_file(status)) {                    // a pipe, /dev/stdout
      std::ofstream out(file.path, std::ios::binary);
      write_to(out, file, [] { return errno != 0 ? errno : EIO; });
      continue;
    }
    written.push_back(std::make_unique<Temporary>(fs::exists(status) ? fs::canonical(file.path) : file.path));
    Disk& disk = written.back()->disk();
    DiskBuffer buffer(disk);
    std::ostream out(&buffer);
    write_to(out, file, [&] { return disk.error(); });
    disk.flush();
    if (disk.error() != 0) throw save_error(file.path.string(), disk.error());
  }
  for (const auto& file : written) file->become_target();
}

void write_file(const fs::path& path, std::string_view text) {
  write_files({{path, [text](std::ostream& out) { out << text; }}});
}

}  // namespace heddle
