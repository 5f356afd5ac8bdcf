#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

namespace heddle {

/// Bytes [at, at + count) of an open file as memory to read, which outlives the descriptor; null if there are none or
/// the system refuses (errno).
std::shared_ptr<const std::byte> map_file(int fd, std::uint64_t at, std::size_t count);

}  // namespace heddle
