#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "data/text/tokens.h"

namespace heddle {

/// A token of a text with the four tokens before it, and how often they stand so. Grams are ordered by the token
/// before, then the second before, and so on, and by the token itself last: what followed one history stands together,
/// however long the history is.
struct Gram {
  static constexpr int kHistory = 4;                            ///< tokens before
  static constexpr std::uint32_t kBeginning = 0;                ///< code of what lies before the first token of a text
  static constexpr std::uint64_t kMostCount = (1U << 21U) - 1;  ///< of one gram; what is more frequent comes again

  // high: codes 0, 1, 2 in 21 bits each; low: 21 bits each of codes 3 and 4, one of the text, 21 of the count
  std::uint64_t high = 0, low = 0;

  /// codes[i]: of the token that stands i + 1 before; codes[4]: of the token itself. A code is the token's id + 1.
  static Gram of(const std::uint32_t (&codes)[kHistory + 1], bool judged);
  std::uint32_t code(int i) const;
  std::int32_t token() const { return static_cast<std::int32_t>(code(kHistory)) - 1; }
  /// Whether it is of the text that is predicted, not of the one that is counted.
  bool judged() const { return (low >> 21U & 1U) != 0; }
  std::uint64_t count() const { return low & kMostCount; }

  bool same_but_count(const Gram& other) const { return high == other.high && low >> 21U == other.low >> 21U; }
  /// The least that the first `codes` codes of this one begin, and the least beyond all those.
  Gram least(int codes) const;
  Gram beyond(int codes) const;

  auto operator<=>(const Gram&) const = default;
};

/// The grams of two texts, sorted, in memory that does not grow with the texts: as many at a time as fit.
class SortedGrams {
 public:
  /// All tokens of `train`, and those of `judged` but the first, each with what stands before it in its own text; ids
  /// below 2^20. At most `most` (>= 8) are held at a time, and as many again while they are sorted.
  SortedGrams(Tokens train, Tokens judged, std::size_t most);

  /// Tokens of both texts.
  std::uint64_t size() const { return train_.size() + judged_.size() - 1; }
  /// Those in [from, to), each once with its count, until the next call. Where they are more than fit, the first of
  /// them, at least one, and `to` becomes the least that is missing.
  std::span<const Gram> load(const Gram& from, Gram& to);

 private:
  Gram at(index_t place) const;
  /// Sorts what is held, and joins what is alike.
  void fold();

  Tokens train_, judged_;
  std::size_t most_;
  std::vector<Gram> held_;
  Gram from_, asked_, to_;  ///< of what is held: from where, to where it was asked for, to where it goes
};

}  // namespace heddle
