#pragma once

#include <cstdint>
#include <vector>

#include "data/text/token_file.h"

namespace heddle {

/// How well a vocabulary fits a text.
struct TokenStatistics {
  static constexpr std::uint64_t kRare = 10;  ///< tokens that are used less often are rare

  std::uint64_t bytes = 0, characters = 0, words = 0, tokens = 0;  ///< of the text
  std::vector<std::uint64_t> frequencies;                          ///< of each token of the vocabulary
  std::int64_t unused = 0, rare = 0;                               ///< tokens that never stand there, or rarely

  double bytes_per_token() const { return static_cast<double>(bytes) / static_cast<double>(tokens); }
  /// The `count` tokens that are used most, of those that are used; of equals the lower id first.
  std::vector<std::int32_t> most_used(std::size_t count) const;
};
/// Of a text, special tokens in it taken for what they are. Characters are counted as UTF-8's, words as what stands
/// between ASCII white space. Errors: those of encode.
TokenStatistics token_statistics(const Tokenizer& tokenizer, const ReadBlock& read);

}  // namespace heddle
