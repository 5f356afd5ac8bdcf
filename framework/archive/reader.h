#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "framework/system/disk.h"
#include "framework/archive/item.h"
#include "framework/tensor.h"

namespace heddle::detail {

/// The Error of a file that is not what was saved.
Error damage_error(const std::string& name, const std::string& what);

/// What heddle wrote into a file, by path. Elements are checked against their checksum as they are read, so a value
/// that was changed never leaves it.
struct ArchiveReader {
  ArchiveReader(std::string name_, const Disk& disk_) : name(std::move(name_)), disk(disk_) {}

  /// Errors: no such item; `wanted` says what was looked for.
  const Item& find(const std::string& path, std::string_view wanted) const;
  /// Throws the Error of an item that is not what was wanted.
  [[noreturn]] void refuse(const std::string& path, std::string_view wanted) const;

  /// Fills `to` with the bytes of the item at `path`. Errors: they are not what was written; the disk fails.
  void read(const std::string& path, void* to);
  /// The same a block at a time, side by side: use(at, bytes, count) gets bytes [at, at + count).
  void read(const std::string& path, const std::function<void(std::uint64_t, const char*, std::size_t)>& use);
  /// Checks the item at `path` unless it was read or checked before. Errors: as read.
  void check(const std::string& path);
  /// Checks everything that was not read yet.
  void check_rest();

  std::string name;
  const Disk& disk;
  std::map<std::string, Item> items;
  std::set<std::string> checked;
  /// Of the datasets that were read, by offset and bytes: tied tensors are one dataset under two names.
  std::map<std::pair<std::uint64_t, std::uint64_t>, std::uint64_t> digests;
  std::unordered_map<std::uint64_t, Tensor> tensors;  ///< read already, by offset

 private:
  using Use = std::function<void(std::uint64_t, const char*, std::size_t)>;
  void read_blocks(const std::string& path, char* to, const Use& use);
  void compare(const std::string& path, const Item& item, std::uint64_t digest);
};

}  // namespace heddle::detail
