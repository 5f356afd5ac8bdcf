#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>
#include <vector>

namespace heddle {

/// Spreads the bits of a key over all bits (the finalizer of splitmix64).
inline std::uint64_t mix_bits(std::uint64_t x) {
  x = (x ^ (x >> 32U)) * 0xd6e8feb86659fd93U;
  return x ^ (x >> 32U);
}

/// A hash of the bytes of a piece of text, the same in every run.
inline std::uint64_t hash_bytes(std::string_view bytes) {
  const char* at = bytes.data();
  std::size_t left = bytes.size();
  std::uint64_t hash = left * 0x9e3779b97f4a7c15U;
  for (; left > 8; left -= 8, at += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, at, 8);
    hash = mix_bits(hash ^ word) * 0x9e3779b97f4a7c15U;
  }
  std::uint64_t word = 0;
  // the last 1 to 8 bytes, by two loads that may overlap
  if (left >= 4) {
    std::uint32_t low = 0, high = 0;
    std::memcpy(&low, at, 4);
    std::memcpy(&high, at + left - 4, 4);
    word = low | std::uint64_t{high} << 32U;
  } else if (left > 0) {
    const auto byte = [&](std::size_t i) { return std::uint64_t{static_cast<unsigned char>(at[i])}; };
    word = byte(0) | byte(left / 2) << 8U | byte(left - 1) << 16U;
  }
  return mix_bits(hash ^ word);
}

/// Open addressing with linear probing: hash -> a number that the owner understands. The owner says which number is
/// meant among those whose hashes agree in 32 bits. A number is at most 2^32 - 2; nothing is ever taken out.
class HashTable {
 public:
  static constexpr std::uint32_t kNone = 0xffffffffU;

  explicit HashTable(std::size_t expected = 16) { resize(expected); }

  std::size_t size() const { return size_; }

  /// The number under `hash` for which `is_meant(number)` holds; kNone if there is none.
  template <class IsMeant>
  std::uint32_t find(std::uint64_t hash, const IsMeant& is_meant) const {
    for (std::size_t i = hash & mask_;; i = (i + 1) & mask_) {
      const Slot& slot = slots_[i];
      if (slot.number == kNone) return kNone;
      if (slot.hash == static_cast<std::uint32_t>(hash >> 32U) && is_meant(slot.number)) return slot.number;
    }
  }

  /// Puts in a number that is not there. `hash_of(number)` gives a number's hash again, for when the table grows.
  template <class HashOf>
  void insert(std::uint64_t hash, std::uint32_t number, const HashOf& hash_of) {
    if (2 * (size_ + 1) > slots_.size()) {
      std::vector<Slot> old = std::move(slots_);
      resize(old.size());
      for (const Slot& slot : old) {
        if (slot.number != kNone) place(hash_of(slot.number), slot.number);
      }
    }
    place(hash, number);
    ++size_;
  }

 private:
  struct Slot {
    std::uint32_t hash = 0, number = kNone;
  };

  void resize(std::size_t expected) {
    std::size_t capacity = 16;
    while (capacity < 2 * expected) capacity *= 2;
    slots_.assign(capacity, {});
    mask_ = capacity - 1;
  }
  void place(std::uint64_t hash, std::uint32_t number) {
    std::size_t i = hash & mask_;
    while (slots_[i].number != kNone) i = (i + 1) & mask_;
    slots_[i] = {static_cast<std::uint32_t>(hash >> 32U), number};
  }

  std::vector<Slot> slots_;
  std::size_t mask_ = 0, size_ = 0;
};

}  // namespace heddle
