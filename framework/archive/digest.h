#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace heddle::detail {

/// 64-bit checksum in the manner of FNV-1a, a word of 8 bytes at a time. A step is a bijection of the state, so a
/// single changed word always changes the value; the rotation carries high bits down. Finds accidents, not forgers.
class Digest {
 public:
  /// `count` is a multiple of 8 in all calls but the last.
  void add(const void* data, std::size_t count);
  std::uint64_t value() const;

 private:
  std::uint64_t state_ = 0xcbf29ce484222325U;
  std::uint64_t count_ = 0;
};

/// Large values are digested in blocks of this size, side by side.
constexpr std::size_t kDigestBlock = std::size_t{1} << 20;

/// The Digest of all blocks, given those of each in order.
std::uint64_t digest_of(const std::vector<std::uint64_t>& blocks);
/// The same from the bytes themselves.
std::uint64_t digest_of(const void* data, std::size_t count);

/// HDF5's checksum of its own structures: lookup3 by Bob Jenkins (http://burtleburtle.net/bob/c/lookup3.c).
std::uint32_t metadata_checksum(const char* data, std::size_t count);

}  // namespace heddle::detail
