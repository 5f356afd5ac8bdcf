#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "data/tokenizer/special_tokens.h"

namespace heddle {

/// How text is cut into pieces before byte-pair encoding; no token reaches over a cut.
///
///   gpt2        's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
///   cl100k      (?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|
///               \s*[\r\n]+|\s+(?!\S)|\s+
///   whitespace  ' ?\S+|\s+(?!\S)|\s+'
///   none        the whole text is one piece
///
/// The first two are those of GPT-2 and of GPT-4 (and Llama 3). \p{L}, \p{N} and \s are Unicode's; a byte that is not
/// part of valid UTF-8 is a character of its own that is none of the three. Pieces joined are the text, whatever bytes
/// it holds.
enum class Pattern { gpt2, cl100k, whitespace, none };

/// Their names, as `--pattern` takes them.
std::vector<std::string> pattern_names();
/// What stands for the pattern that a file says, and for gpt2 where a vocabulary is trained; and all names behind it.
constexpr const char* kAutoPattern = "auto";
std::vector<std::string> pattern_choices();
const char* pattern_name(Pattern pattern);
/// Errors: an unknown name.
Pattern pattern_of(const std::string& name);
/// The pattern as a regular expression; empty for none.
const char* pattern_regex(Pattern pattern);

/// Length of the first piece of `text`, which is not empty.
std::size_t first_piece(Pattern pattern, std::string_view text);

/// Calls on_piece(text) and on_special(id) for all of `text` in its order: special tokens are cut out first, what lies
/// between two is split as a text of its own.
template <class OnPiece, class OnSpecial>
void split(Pattern pattern, const SpecialTokens& specials, std::string_view text, const OnPiece& on_piece,
           const OnSpecial& on_special) {
  specials.cut_out(
      text,
      [&](std::string_view part, std::size_t) {
        while (!part.empty()) {
          const std::size_t length = first_piece(pattern, part);
          on_piece(part.substr(0, length));
          part.remove_prefix(length);
        }
      },
      [&](std::int32_t id, std::size_t) { on_special(id); });
}

/// The first place in [from, to) of `text` where a piece ends whatever the text before and behind is: it may be cut
/// there and its parts split apart, with the same pieces and special tokens. `to` if there is none.
std::size_t find_cut(Pattern pattern, const SpecialTokens& specials, std::string_view text, std::size_t from,
                     std::size_t to);

}  // namespace heddle
