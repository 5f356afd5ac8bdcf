#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "framework/system/disk.h"
#include "framework/archive/reader.h"

namespace heddle::detail {

/// Lists those of the root's attributes that are there.
void scan_attributes(ArchiveReader& file, Disk& disk, const std::vector<std::string>& paths);
/// Lists all that heddle wrote, which the file's list of checksums names, and nothing else; returns the digest of that
/// list. Of datasets it looks at types and shapes alone: their values are checked as they are read. Errors: an item is
/// missing or has another type or shape than was written; HDF5's structures are damaged.
std::uint64_t scan_contents(ArchiveReader& file, Disk& disk);

}  // namespace heddle::detail
