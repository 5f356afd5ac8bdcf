#pragma once

#include <cstdint>
#include <string_view>

namespace heddle {

/// FNV-1a over bytes, 64 bits; `hash` continues an earlier one. Finds accidents, not attacks.
constexpr std::uint64_t fnv1a(std::string_view bytes, std::uint64_t hash = 0xcbf29ce484222325U) {
  for (const char c : bytes) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
  return hash;
}

}  // namespace heddle
