#include "framework/archive/digest.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#include "framework/parallel.h"

namespace heddle::detail {

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

std::uint64_t digest_of(const std::vector<std::uint64_t>& blocks) {
  Digest all;
  all.add(blocks.data(), blocks.size() * sizeof(blocks[0]));
  return all.value();
}

std::uint64_t digest_of(const void* data, std::size_t count) {
  std::vector<std::uint64_t> sums((count + kDigestBlock - 1) / kDigestBlock);
  parallel_for(static_cast<index_t>(sums.size()), 1, [&](index_t begin, index_t end) {
    for (auto i = static_cast<std::size_t>(begin); i < static_cast<std::size_t>(end); ++i) {
      Digest block;
      block.add(static_cast<const char*>(data) + i * kDigestBlock, std::min(kDigestBlock, count - i * kDigestBlock));
      sums[i] = block.value();
    }
  });
  return digest_of(sums);
}

std::uint32_t metadata_checksum(const char* data, std::size_t count) {
  std::uint32_t a = 0xdeadbeefU + static_cast<std::uint32_t>(count), b = a, c = a;
  const auto mix = [](std::uint32_t& x, std::uint32_t& y, std::uint32_t& z, int bits) {
    x = (x - z) ^ std::rotl(z, bits);
    z += y;
  };
  const auto finish = [](std::uint32_t& x, std::uint32_t y, int bits) { x = (x ^ y) - std::rotl(y, bits); };
  if (count == 0) return c;
  for (;; data += 12, count -= 12) {
    std::array<std::uint32_t, 3> words{};
    std::memcpy(words.data(), data, std::min<std::size_t>(12, count));
    a += words[0];
    b += words[1];
    c += words[2];
    if (count <= 12) break;
    mix(a, b, c, 4), mix(b, c, a, 6), mix(c, a, b, 8), mix(a, b, c, 16), mix(b, c, a, 19), mix(c, a, b, 4);
  }
  finish(c, b, 14), finish(a, c, 11), finish(b, a, 25), finish(c, b, 16), finish(a, c, 4), finish(b, a, 14);
  finish(c, b, 24);
  return c;
}

}  // namespace heddle::detail
