#pragma once

#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "framework/archive/archive.h"
#include "framework/system/disk.h"
#include "framework/archive/item.h"

namespace heddle::detail {

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
  /// Ends the file with the list of checksums; returns the digest of the list, which is then in the file too.
  std::uint64_t finish();

  void claim(const std::string& path);
  void check_disk() const;

  std::string name;
  Disk& disk;
  std::int64_t file = -1;
  std::set<std::string> names, groups;
  std::vector<Checksum> checksums;  ///< of what was written, groups before what is in them
  /// Tensors and their paths by address. Holding a tensor keeps its address from being given to another.
  std::unordered_map<const real*, std::vector<std::pair<Tensor, std::string>>> tensors;
};

/// Makes an HDF5 file on an empty disk; returns the digest of its list of checksums. `name` is for messages.
std::uint64_t write_contents(const std::string& name, Disk& disk, const std::function<void(Hdf5OArchive&)>& write);

}  // namespace heddle::detail
