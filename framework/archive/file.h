#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "framework/archive/archive.h"

/// What the archives of archive.h stand on: the disk, the checksum, and the list of what a file holds. Not for others.
namespace heddle::detail {

/// An open file. HDF5 1.10 cannot close a file that it failed to flush, and crashes when the program ends. So it never
/// hears of a failed write: the reason is kept here, later writes are dropped, and the archive throws.
class Disk {
 public:
  /// Closes the descriptor at the end.
  explicit Disk(int fd) : fd_(fd) {}
  Disk(const Disk&) = delete;
  Disk& operator=(const Disk&) = delete;
  ~Disk();

  int fd() const { return fd_; }
  /// errno of the first failed write, else 0.
  int error() const { return error_; }
  std::uint64_t size() const;
  /// Zeros stand for what lies behind the end. False: the disk fails (errno).
  bool read(std::uint64_t at, void* to, std::size_t count) const;
  /// Part of the file as memory, which outlives the Disk; null if it is empty or the system refuses (errno).
  std::shared_ptr<const std::byte> map(std::uint64_t at, std::size_t count) const;
  void write(std::uint64_t at, const void* from, std::size_t count);
  void resize(std::uint64_t size);
  void flush();
  /// Forgets what memory caches of the file, so that the next read asks the disk itself.
  void forget_cache() const;

 private:
  int fd_;
  int error_ = 0;
};

/// 64-bit checksum in the manner of FNV-1a, a word of 8 bytes at a time. A step is a bijection of the state, so a
/// single changed word always changes the value; the rotation carries high bits down.
class Digest {
 public:
  /// `count` is a multiple of 8 in all calls but the last.
  void add(const void* data, std::size_t count);
  std::uint64_t value() const;

 private:
  std::uint64_t state_ = 0xcbf29ce484222325U;
  std::uint64_t count_ = 0;
};

/// The dataset that holds the checksum of all items.
constexpr std::string_view kChecksum = "/checksum";

/// Stands after the numbers' types.
constexpr int kTextType = 10;
std::string_view type_name(int type);
/// Bytes of a number.
std::size_t type_size(int type);
/// The unsigned integer of `size` bytes: 1, 2 or 4.
NumberType unsigned_type(std::size_t size);

/// What a file holds under one path: a group; an array of numbers or of text of fixed length; a single one of either.
struct Item {
  enum class Kind : std::uint8_t { group, dataset, attribute };
  Kind kind = Kind::group;
  int type = 0;                  ///< NumberType or kTextType
  std::size_t element_size = 0;  ///< bytes
  std::vector<index_t> sizes{};  ///< of a dataset's axes; none: a single element
  std::uint64_t bytes = 0;
  std::uint64_t offset = 0;  ///< where a dataset's bytes begin in the file
  std::string value{};       ///< an attribute's bytes

  static Item of(Kind kind, NumberType type, std::vector<index_t> sizes);
  /// "float32 [3, 4]".
  std::string describe() const;
  /// Checksum of path, type, shape and of `content`, the elements' checksum. A file's checksum is the sum over its
  /// items, so it does not depend on their order.
  std::uint64_t digest(const std::string& path, std::uint64_t content) const;
};

/// An HDF5 file in the making. Paths begin with '/'; the groups that one names are made where they are missing.
/// Errors: a path that is taken or lies in something that is no group, what HDF5 or the disk refuses.
struct ArchiveWriter {
  ArchiveWriter(std::string name, Disk& disk);
  ArchiveWriter(const ArchiveWriter&) = delete;
  ArchiveWriter& operator=(const ArchiveWriter&) = delete;
  ~ArchiveWriter();

  void make_group(const std::string& path);
  void put(const std::string& path, const Item& item, const void* data);
  /// A second name for the dataset `first`.
  void link(const std::string& path, const std::string& first, const Item& item, const void* data);
  /// Ends the file; returns the checksum of everything in it, which is then in it too.
  std::uint64_t finish();

  void claim(const std::string& path);
  void check_disk() const;

  std::string name;
  Disk& disk;
  std::int64_t file = -1;
  std::set<std::string> names, groups;
  /// Tensors and their paths by address. Holding a tensor keeps its address from being given to another.
  std::unordered_map<const real*, std::vector<std::pair<Tensor, std::string>>> tensors;
  std::uint64_t sum = 0;
};

/// A file that has been checked, and what it holds by path.
struct ArchiveReader {
  ArchiveReader(std::string name_, const Disk& disk_) : name(std::move(name_)), disk(disk_) {}

  /// Errors: no such item; `wanted` says what was looked for.
  const Item& find(const std::string& path, std::string_view wanted) const;
  /// Fills `to` with the bytes [at, at + count) of an item. Errors: the disk fails.
  void read(const Item& item, std::uint64_t at, void* to, std::size_t count) const;
  /// Throws the Error of an item that is not what was wanted.
  [[noreturn]] void refuse(const std::string& path, std::string_view wanted) const;
  /// Errors: there is none.
  std::uint64_t stored_checksum() const;

  std::string name;
  const Disk& disk;
  std::map<std::string, Item> items;
  std::unordered_map<std::uint64_t, Tensor> tensors;  ///< read already, by offset
};

/// The Error of a file that could not be saved: what, why (errno), what to do.
Error save_error(const std::string& target, int error);

/// Makes an HDF5 file on an empty disk; returns its checksum, which is also in it. `name` is for messages.
std::uint64_t write_contents(const std::string& name, Disk& disk, const std::function<void(Hdf5OArchive&)>& write);
/// The last 16 bytes of a file, behind HDF5's own: a mark and a checksum of all bytes before. libhdf5 1.10 does not
/// outlive all damage to its structures in good order, so it only gets to see files whose seal is whole.
void write_seal(Disk& disk);
/// Errors: the seal is missing or does not fit.
void check_seal(const Disk& disk);

/// Lists the attributes of the root.
void scan_root(ArchiveReader& file, Disk& disk);
/// Lists everything; returns the checksum. Errors: damage of any kind, anything that no archive writes.
std::uint64_t scan_contents(ArchiveReader& file, Disk& disk);

}  // namespace heddle::detail
