#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <vector>

#include "framework/archive/archive.h"

namespace heddle {

/// Token ids, each in 1, 2 or 4 bytes, in memory or in a mapped file; copies and parts share them.
class Tokens {
 public:
  Tokens() = default;
  explicit Tokens(const MappedNumbers& numbers) : numbers_(numbers) {}
  /// A copy of `ids`.
  Tokens(const std::vector<std::int32_t>& ids) : Tokens(std::span(ids)) {}
  Tokens(std::span<const std::int32_t> ids) {
    auto copy = std::make_shared<std::vector<std::int32_t>>(ids.begin(), ids.end());
    const auto* bytes = reinterpret_cast<const std::byte*>(copy->data());
    numbers_ = {sizeof(std::int32_t), ids.size(), std::shared_ptr<const std::byte>(std::move(copy), bytes)};
  }

  std::size_t size() const { return numbers_.count; }

  std::int32_t operator[](std::size_t i) const {
    const std::byte* const at = numbers_.data.get() + i * numbers_.element_size;
    switch (numbers_.element_size) {
      case 1: return load<std::uint8_t>(at);
      case 2: return load<std::uint16_t>(at);
      default: return load<std::int32_t>(at);
    }
  }

  /// Those in [begin, end).
  Tokens part(std::size_t begin, std::size_t end) const {
    Tokens tokens = *this;
    const std::byte* const at = numbers_.data.get() + begin * numbers_.element_size;
    tokens.numbers_ = {numbers_.element_size, end - begin, std::shared_ptr<const std::byte>(numbers_.data, at)};
    return tokens;
  }
  /// Those in [begin, begin + count), to `to`.
  void copy(std::size_t begin, std::size_t count, std::int32_t* to) const {
    for (std::size_t i = 0; i < count; ++i) to[i] = (*this)[begin + i];
  }
  std::vector<std::int32_t> ids() const {
    std::vector<std::int32_t> all(size());
    copy(0, size(), all.data());
    return all;
  }
  /// How many are no ids of a vocabulary.
  index_t count_outside(index_t vocab_size) const;

 private:
  template <class T>
  static std::int32_t load(const std::byte* at) {
    T value;
    std::memcpy(&value, at, sizeof(T));
    return static_cast<std::int32_t>(value);
  }

  MappedNumbers numbers_;
};

}  // namespace heddle
