#include "framework/archive/file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <cstring>
#include <filesystem>

namespace heddle::detail {

static_assert(std::endian::native == std::endian::little, "the file's bytes are the memory's bytes");

// --- Disk ---

Error save_error(const std::string& target, int error) {
  const bool full = error == ENOSPC || error == EDQUOT || error == EFBIG;
  const bool refused = error == EACCES || error == EPERM || error == EROFS;
  return Error(concat_text("cannot save '", target, "': ", std::strerror(error), "; ",
                           full      ? "free some space (or raise the limit on file sizes)"
                           : refused ? "make its folder writable, or choose another"
                                     : "check its folder and disk",
                           " and save again; a file that was there is untouched"));
}

Disk::~Disk() { ::close(fd_); }

std::uint64_t Disk::size() const {
  struct stat info {};
  return ::fstat(fd_, &info) == 0 ? static_cast<std::uint64_t>(info.st_size) : 0;
}

bool Disk::read(std::uint64_t at, void* to, std::size_t count) const {
  auto* bytes = static_cast<char*>(to);
  while (count > 0) {
    const ssize_t n = ::pread(fd_, bytes, count, static_cast<off_t>(at));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return false;
    if (n == 0) {
      std::memset(bytes, 0, count);
      return true;
    }
    bytes += n;
    at += static_cast<std::uint64_t>(n);
    count -= static_cast<std::size_t>(n);
  }
  return true;
}

std::shared_ptr<const std::byte> Disk::map(std::uint64_t at, std::size_t count) const {
  const auto page = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  const std::uint64_t begin = at / page * page, size = at - begin + count;
  if (count == 0) return nullptr;
  void* const pages = ::mmap(nullptr, size, PROT_READ, MAP_SHARED, fd_, static_cast<off_t>(begin));
  if (pages == MAP_FAILED) return nullptr;
  return {static_cast<const std::byte*>(pages) + (at - begin), [pages, size](const void*) { ::munmap(pages, size); }};
}

void Disk::write(std::uint64_t at, const void* from, std::size_t count) {
  const auto* bytes = static_cast<const char*>(from);
  while (count > 0 && error_ == 0) {
    const ssize_t n = ::pwrite(fd_, bytes, count, static_cast<off_t>(at));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) {
      error_ = errno;
      return;
    }
    bytes += n;
    at += static_cast<std::uint64_t>(n);
    count -= static_cast<std::size_t>(n);
  }
}

void Disk::resize(std::uint64_t size) {
  if (error_ == 0 && ::ftruncate(fd_, static_cast<off_t>(size)) != 0) error_ = errno;
}

void Disk::flush() {
  if (error_ == 0 && ::fsync(fd_) != 0) error_ = errno;
}

void Disk::forget_cache() const { ::posix_fadvise(fd_, 0, 0, POSIX_FADV_DONTNEED); }

// --- Digest ---

void Digest::add(const void* data, std::size_t count) {
  const auto* bytes = static_cast<const char*>(data);
  for (std::size_t i = 0; i < count; i += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes + i, std::min<std::size_t>(8, count - i));
    state_ = std::rotl(state_ ^ word, 29) * 0x9fb21c651e98df25U;
  }
  count_ += count;
}

std::uint64_t Digest::value() const {
  std::uint64_t x = state_ ^ count_;  // splitmix64's finalizer
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9U;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebU;
  return x ^ (x >> 31);
}

// --- the seal ---

namespace {

struct Seal {
  std::array<char, 8> mark;
  std::uint64_t digest;
};
static_assert(sizeof(Seal) == 16);
constexpr std::array<char, 8> kMark = {'h', 'e', 'd', 'd', 'l', 'e', 'O', 'K'};

Seal seal_of(const Disk& disk, std::uint64_t size) {
  constexpr std::uint64_t kBlock = std::uint64_t{1} << 20;
  std::vector<char> block(std::min(kBlock, size));
  Digest digest;
  for (std::uint64_t at = 0; at < size; at += block.size()) {
    block.resize(std::min(kBlock, size - at));
    ensure(disk.read(at, block.data(), block.size()), std::strerror(errno));
    digest.add(block.data(), block.size());
  }
  return {kMark, digest.value()};
}

}  // namespace

void write_seal(Disk& disk) {
  const std::uint64_t size = disk.size();
  const Seal seal = seal_of(disk, size);
  disk.write(size, &seal, sizeof(seal));
}

void check_seal(const Disk& disk) {
  const std::uint64_t size = disk.size();
  Seal found{};
  if (size >= sizeof(found)) ensure(disk.read(size - sizeof(found), &found, sizeof(found)), std::strerror(errno));
  ensure(found.mark == kMark, "its last bytes are missing, or another program wrote it");
  ensure(found.digest == seal_of(disk, size - sizeof(found)).digest, "its checksum does not fit its bytes");
}

// --- Item ---

std::string_view type_name(int type) {
  constexpr std::array<std::string_view, kTextType + 1> kNames = {
      "uint8", "int8", "uint16", "int16", "uint32", "int32", "uint64", "int64", "float32", "float64", "text"};
  return kNames[static_cast<std::size_t>(type)];
}

std::size_t type_size(int type) {
  constexpr std::array<std::size_t, kTextType> kSizes = {1, 1, 2, 2, 4, 4, 8, 8, 4, 8};
  return kSizes[static_cast<std::size_t>(type)];
}

NumberType unsigned_type(std::size_t size) {
  return size == 1 ? NumberType::u8 : size == 2 ? NumberType::u16 : NumberType::u32;
}

Item Item::of(Kind kind, NumberType type, std::vector<index_t> sizes) {
  const std::size_t size = type_size(static_cast<int>(type));
  std::uint64_t bytes = size;
  for (const index_t n : sizes) bytes *= static_cast<std::uint64_t>(n);
  return {kind, static_cast<int>(type), size, std::move(sizes), bytes};
}

std::string Item::describe() const {
  if (kind == Kind::group) return "a group";
  std::string text(type_name(type));
  for (std::size_t i = 0; i < sizes.size(); ++i) text += (i > 0 ? ", " : " [") + std::to_string(sizes[i]);
  return text + (sizes.empty() ? "" : "]");
}

std::uint64_t Item::digest(const std::string& path, std::uint64_t content) const {
  std::vector<std::uint64_t> words = {static_cast<std::uint64_t>(kind), static_cast<std::uint64_t>(type), element_size,
                                      sizes.size()};
  words.insert(words.end(), sizes.begin(), sizes.end());
  words.push_back(content);
  Digest sum;
  sum.add(words.data(), words.size() * sizeof(words[0]));
  sum.add(path.data(), path.size());
  return sum.value();
}

// --- ArchiveReader ---

const Item& ArchiveReader::find(const std::string& path, std::string_view wanted) const {
  const auto found = items.find(path);
  ensure(found != items.end(), "'", name, "' has no '", path.substr(1), "' (", wanted,
         "): it was written for another model or by another version; read it with the settings that wrote it");
  return found->second;
}

void ArchiveReader::refuse(const std::string& path, std::string_view wanted) const {
  throw Error(concat_text("'", name, "': '", path.substr(1), "' is ", find(path, wanted).describe(), ", wanted ",
                          wanted, "; read it with the settings that wrote it"));
}

void ArchiveReader::read(const Item& item, std::uint64_t at, void* to, std::size_t count) const {
  if (item.kind == Item::Kind::attribute) {
    item.value.copy(static_cast<char*>(to), count, at);
  } else {
    ensure(disk.read(item.offset + at, to, count), "cannot read '", name, "': ", std::strerror(errno),
           "; try again, or use a copy of the file");
  }
}

std::uint64_t ArchiveReader::stored_checksum() const {
  const auto found = items.find(std::string(kChecksum));
  const bool usable = found != items.end() && found->second.kind == Item::Kind::dataset &&
                      found->second.type == static_cast<int>(NumberType::u64) &&
                      found->second.bytes == sizeof(std::uint64_t);
  ensure(usable, "it has no checksum");
  std::uint64_t sum = 0;
  read(found->second, 0, &sum, sizeof(sum));
  return sum;
}

}  // namespace heddle::detail

namespace heddle {

namespace {

using detail::Disk;

constexpr const char *kKind = "heddle_kind", *kFormat = "heddle_format";

/// Temporary file beside the target, removed at the end unless it has become the target.
class Temporary {
 public:
  explicit Temporary(const std::filesystem::path& target)
      : path_(target.string() + ".tmp-" + std::to_string(::getpid())), disk_(open(path_, target.string())) {}
  Temporary(const Temporary&) = delete;
  Temporary& operator=(const Temporary&) = delete;
  ~Temporary() {
    if (!renamed_) ::unlink(path_.c_str());
  }

  Disk& disk() { return disk_; }
  void rename_to(const std::filesystem::path& target) {
    if (::rename(path_.c_str(), target.c_str()) != 0) throw detail::save_error(target.string(), errno);
    renamed_ = true;
    // should this fail, the name leads to one whole file or the other
    const int folder =
        ::open(target.has_parent_path() ? target.parent_path().c_str() : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder >= 0) {
      ::fsync(folder);
      ::close(folder);
    }
  }

 private:
  static int open(const std::string& path, const std::string& target) {
    const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0666);
    if (fd < 0) throw detail::save_error(target, errno);
    return fd;
  }

  std::string path_;
  Disk disk_;
  bool renamed_ = false;
};

void check_kind(detail::ArchiveReader& file, const std::string& kind, int max_format) {
  Hdf5IArchive root(file);
  std::string its_kind;
  int format = 0;
  ensure(root.contains(kKind) && root.contains(kFormat), "'", file.name,
         "' is an HDF5 file, but none of heddle's; choose a ", kind);
  root >> boost::serialization::make_nvp(kKind, its_kind) >> boost::serialization::make_nvp(kFormat, format);
  ensure(its_kind == kind, "'", file.name, "' is a ", its_kind, ", wanted a ", kind, "; choose another file");
  ensure(format <= max_format, "'", file.name, "' was written by a newer heddle (format ", format,
         ", this program reads up to ", max_format, "): update heddle");
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
  if (disk.error() != 0) throw detail::save_error(name, disk.error());
  disk.forget_cache();
  try {
    detail::ArchiveReader written(name, disk);
    ensure(detail::scan_contents(written, disk) == sum, "the checksum differs");
    detail::write_seal(disk);
  } catch (const Error& e) {
    throw Error(concat_text("cannot save '", name, "': what was written reads back otherwise (", e.what(),
                            "); check the disk; a file that was there is untouched"));
  }
  disk.flush();
  if (disk.error() != 0) throw detail::save_error(name, disk.error());
  temporary.rename_to(target);
}

namespace {

bool begins_as_hdf5(const Disk& disk) {
  std::array<char, 8> signature{};
  return disk.read(0, signature.data(), signature.size()) &&
         std::string_view(signature.data(), 8) == "\x89HDF\r\n\x1a\n";
}

/// A file of ours that is open.
class OpenFile {
 public:
  /// Errors: it is missing, not HDF5, cut off or changed; `wanted` says what to choose instead.
  OpenFile(const std::filesystem::path& path, const std::string& wanted)
      : name_(path.string()), disk_(open(path, wanted)) {
    ensure(begins_as_hdf5(disk_), "'", name_, "' is not an HDF5 file; choose a ", wanted);
  }

  /// The attributes of the root alone, after the seal was checked.
  detail::ArchiveReader root() {
    return scan([&](detail::ArchiveReader& file) {
      detail::check_seal(disk_);
      detail::scan_root(file, disk_);
    });
  }
  detail::ArchiveReader contents() {
    return scan([&](detail::ArchiveReader& file) { detail::scan_contents(file, disk_); });
  }

 private:
  static int open(const std::filesystem::path& path, const std::string& wanted) {
    std::error_code failure;
    const bool other = std::filesystem::exists(path, failure) && !std::filesystem::is_regular_file(path, failure);
    ensure(!other, "cannot read '", path.string(), "': it is not a file; choose a ", wanted);
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    ensure(fd >= 0, "cannot read '", path.string(), "': ", std::strerror(errno), "; check the path");
    return fd;
  }
  template <class List>
  detail::ArchiveReader scan(const List& list) {
    detail::ArchiveReader file(name_, disk_);
    try {
      list(file);
    } catch (const Error& e) {
      throw Error(concat_text("'", name_, "' is cut off or damaged (", e.what(), "); use another copy of it"));
    }
    return file;
  }

  std::string name_;
  Disk disk_;
};

}  // namespace

bool is_hdf5(const std::filesystem::path& path) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) return false;
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  return fd >= 0 && begins_as_hdf5(Disk(fd));
}

std::string file_kind(const std::filesystem::path& path) {
  const std::string wanted = "file of heddle's";
  OpenFile file(path, wanted);
  detail::ArchiveReader root = file.root();
  Hdf5IArchive attributes(root);
  ensure(attributes.contains(kKind), "'", path.string(), "' is an HDF5 file, but none of heddle's; choose a ", wanted);
  std::string kind;
  attributes >> boost::serialization::make_nvp(kKind, kind);
  return kind;
}

void load_file(const std::filesystem::path& path, const std::string& kind, int max_format_version,
               const std::function<void(Hdf5IArchive&)>& read) {
  OpenFile opened(path, kind);
  // a newer format may look different inside, so what it is comes before what it holds
  detail::ArchiveReader root = opened.root();
  check_kind(root, kind, max_format_version);
  detail::ArchiveReader file = opened.contents();
  Hdf5IArchive archive(file);
  read(archive);
}

}  // namespace heddle
