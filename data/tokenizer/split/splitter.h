#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "data/tokenizer/pretokenizer.h"
#include "data/tokenizer/split/steps.h"
#include "data/tokenizer/tokenizer.h"

namespace heddle {

/// Cuts text as TokenizerState::pattern says: by one of our patterns, or by the steps of a tokenizer.json.
class Splitter {
 public:
  /// Errors: a pattern that is neither a name nor a list of steps.
  explicit Splitter(const std::string& pattern);

  /// Calls on_part(part) for all of `text`, which holds no special tokens, in its order.
  template <class On>
  void split(std::string_view text, const On& on_part) const {
    if (!steps_.empty()) return run(0, {text}, on_part);
    for (std::size_t begin = 0; begin < text.size();) {
      const std::string_view piece = text.substr(begin, first_piece(pattern_, text.substr(begin)));
      on_part({piece, begin});
      begin += piece.size();
    }
  }
  /// As find_cut of pretokenizer.h.
  std::size_t find_cut(const SpecialTokens& specials, std::string_view text, std::size_t from, std::size_t to) const;
  /// Whether the parts joined are the text.
  bool keeps_text() const;

 private:
  void run(std::size_t step, const TextPart& part, const OnPart& on_part) const;
  bool may_part(char32_t a, char32_t b) const;

  Pattern pattern_ = Pattern::none;
  std::vector<SplitStep> steps_;  ///< none: by pattern_
};

/// How a byte-pair tokenizer cuts text, in a few words: "gpt2", or "NFC, Split, ByteLevel (as its tokenizer.json
/// says)".
std::string pattern_summary(const TokenizerState& state);

}  // namespace heddle
