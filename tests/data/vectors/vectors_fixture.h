#pragma once

#include <bit>
#include <cstdint>
#include <string>
#include <vector>

#include "data/vectors/word_vectors.h"

namespace heddle {

inline std::vector<std::uint32_t> bits_of(const Tensor& x) {
  std::vector<std::uint32_t> bits;
  for (const real number : x.span()) bits.push_back(std::bit_cast<std::uint32_t>(number));
  return bits;
}

inline bool equal(const WordVectors& a, const WordVectors& b) {
  return a.words == b.words && a.vectors.shape() == b.vectors.shape() && bits_of(a.vectors) == bits_of(b.vectors);
}

inline WordVectors of(std::vector<std::string> words, std::initializer_list<real> numbers) {
  const auto count = static_cast<index_t>(words.size());
  return {std::move(words), Tensor::from(numbers, {count, static_cast<index_t>(numbers.size()) / count})};
}

inline std::string bytes_of(const WordVectors& vectors, const std::string& format) {
  std::string bytes;
  format_word_vectors(vectors, format, [&](std::string_view block) { bytes += block; });
  return bytes;
}

/// A word as binary files hold it, without a line's end.
inline std::string record(const std::string& word, const std::vector<float>& numbers) {
  return word + ' ' + std::string(reinterpret_cast<const char*>(numbers.data()), numbers.size() * sizeof(float));
}

}  // namespace heddle
