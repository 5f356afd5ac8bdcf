#include "framework/archive/file.h"

#include <fcntl.h>

#include <array>
#include <bit>
#include <cerrno>
#include <cstring>
#include <set>
#include <string_view>

#include "framework/archive/archive.h"
#include "framework/archive/hdf5.h"
#include "framework/archive/reader.h"
#include "framework/archive/scan.h"
#include "framework/archive/writer.h"
#include "framework/system/disk.h"

namespace heddle {

static_assert(std::endian::native == std::endian::little, "the file's bytes are the memory's bytes");

using detail::ArchiveReader;

namespace {

constexpr const char *kKind = "heddle_kind", *kFormat = "heddle_format";

bool begins_as_hdf5(const Disk& disk) {
  std::array<char, 8> signature{};
  return disk.read(0, signature.data(), signature.size()) &&
         std::string_view(signature.data(), 8) == "\x89HDF\r\n\x1a\n";
}

/// A file that is open to be read.
class OpenFile {
 public:
  /// Errors: it is missing or not HDF5; `wanted` says what to choose instead.
  OpenFile(const std::filesystem::path& path, const std::string& wanted)
      : name_(path.string()), wanted_(wanted), disk_(open(path, wanted)) {
    ensure(begins_as_hdf5(disk_), "'", name_, "' is not an HDF5 file; choose a ", wanted);
  }

  /// The root's attributes that say what it is. Errors: it has none.
  ArchiveReader identity() {
    const std::string kind = std::string("/") + kKind, format = std::string("/") + kFormat;
    const auto check_ours = [&](bool ours) {
      ensure(ours, "'", name_, "' is an HDF5 file, but none of heddle's; choose a ", wanted_);
    };
    char version = 0;  // of HDF5's first block
    check_ours(disk_.read(8, &version, 1) && (version >= 2 || disk_.size() <= 8));
    ArchiveReader root = listed([&](ArchiveReader& file) { detail::scan_attributes(file, disk_, {kind, format}); });
    check_ours(root.items.contains(kind) && root.items.contains(format));
    return root;
  }
  ArchiveReader contents() {
    return listed([&](ArchiveReader& file) { detail::scan_contents(file, disk_); });
  }

 private:
  static int open(const std::filesystem::path& path, const std::string& wanted) {
    std::error_code failure;
    const bool other = std::filesystem::exists(path, failure) && !std::filesystem::is_regular_file(path, failure);
    ensure(!other, "cannot read '", path.string(), "': it is not a file; choose a ", wanted);
    const int fd = uninterrupted([&] { return ::open(path.c_str(), O_RDONLY | O_CLOEXEC); });
    ensure(fd >= 0, "cannot read '", path.string(), "': ", std::strerror(errno), "; check the path");
    return fd;
  }

  template <class List>
  ArchiveReader listed(const List& list) {
    ArchiveReader file(name_, disk_);
    try {
      list(file);
    } catch (const Error& e) {
      throw detail::damage_error(name_, e.what());
    }
    return file;
  }

  std::string name_, wanted_;
  Disk disk_;
};

void check_kind(ArchiveReader& file, const std::string& kind, int wanted) {
  Hdf5IArchive root(file);
  std::string its_kind;
  int format = 0;
  root >> boost::serialization::make_nvp(kKind, its_kind) >> boost::serialization::make_nvp(kFormat, format);
  ensure(its_kind == kind, "'", file.name, "' is a ", its_kind, ", wanted a ", kind, "; choose another file");
  ensure(format <= wanted, "'", file.name, "' was written by a newer heddle (format ", format, ", this program reads ",
         wanted, "): update heddle");
  ensure(format >= wanted, "'", file.name, "' was written by an older heddle (format ", format, ", this program reads ",
         wanted, "): make it again with this one");
}

/// A value's bytes.
std::string bytes_of(ArchiveReader& file, const std::string& path) {
  const detail::Item& item = file.items.at(path);
  std::string bytes(item.kind == detail::Item::Kind::group ? 0 : item.bytes, '\0');
  if (!bytes.empty()) file.read(path, bytes.data());
  return bytes;
}

}  // namespace

void save_file(const std::filesystem::path& target, const std::string& kind, int format_version,
               const std::function<void(Hdf5OArchive&)>& write) {
  const std::string name = target.string();
  Temporary temporary(target);
  Disk& disk = temporary.disk();
  const std::uint64_t sum = detail::write_contents(name, disk, [&](Hdf5OArchive& archive) {
    archive << boost::serialization::make_nvp(kKind, kind) << boost::serialization::make_nvp(kFormat, format_version);
    write(archive);
  });
  disk.flush();
  if (disk.error() != 0) throw save_error(name, disk.error());
  disk.forget_cache();
  try {
    ArchiveReader written(name, disk);
    ensure(detail::scan_contents(written, disk) == sum, "the list of checksums differs");
    written.check_rest();
  } catch (const Error& e) {
    throw Error(concat_text("cannot save '", name, "': what was written reads back otherwise (", e.what(),
                            "); check the disk; a file that was there is untouched"));
  }
  temporary.become_target();
}

std::string file_library() {
  unsigned major = 0, minor = 0, release = 0;
  H5get_libversion(&major, &minor, &release);
  return concat_text("HDF5 ", major, '.', minor, '.', release);
}

bool is_hdf5(const std::filesystem::path& path) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) return false;
  const int fd = uninterrupted([&] { return ::open(path.c_str(), O_RDONLY | O_CLOEXEC); });
  return fd >= 0 && begins_as_hdf5(Disk(fd));
}

std::string file_kind(const std::filesystem::path& path) {
  OpenFile file(path, "file of heddle's");
  ArchiveReader root = file.identity();
  std::string kind;
  Hdf5IArchive(root) >> boost::serialization::make_nvp(kKind, kind);
  return kind;
}

std::vector<std::string> differing_values(const std::filesystem::path& one, const std::filesystem::path& other) {
  OpenFile first(one, "file of heddle's"), second(other, "file of heddle's");
  ArchiveReader a = first.contents(), b = second.contents();
  std::set<std::string> all, found;
  for (const ArchiveReader* file : {&a, &b}) {
    for (const auto& [path, item] : file->items) all.insert(path);
  }
  for (const std::string& path : all) {
    const bool both = a.items.contains(path) && b.items.contains(path);
    if (!both || a.items.at(path).form() != b.items.at(path).form() || bytes_of(a, path) != bytes_of(b, path))
      found.insert(path);
  }
  return {found.begin(), found.end()};
}

void load_file(const std::filesystem::path& path, const std::string& kind, int format_version,
               const std::function<void(Hdf5IArchive&)>& read) {
  OpenFile opened(path, kind);
  // another format may look different inside, so what it is comes before what it holds
  ArchiveReader root = opened.identity();
  check_kind(root, kind, format_version);
  ArchiveReader file = opened.contents();
  Hdf5IArchive archive(file);
  read(archive);
  file.check_rest();
}

}  // namespace heddle
