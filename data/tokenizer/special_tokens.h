#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

namespace heddle {

/// Finds special tokens, such as <|endoftext|>, in text.
class SpecialTokens {
 public:
  struct Match {
    std::size_t at = std::string_view::npos;  ///< npos: there is none
    std::size_t length = 0;
    std::int32_t id = -1;
  };

  /// What a token asks of the text around it, as in Hugging Face's files.
  struct Around {
    bool lstrip = false;       ///< it takes the white space before it
    bool rstrip = false;       ///< and behind it
    bool single_word = false;  ///< it is none where a word's character stands before or behind it
  };

  /// Errors: an empty one, one given twice, one that is not UTF-8.
  void add(const std::string& token, std::int32_t id, Around around);
  void add(const std::string& token, std::int32_t id) { add(token, id, Around()); }
  /// Bytes of the longest one; 0 if there are none.
  std::size_t longest() const { return longest_; }

  /// The first one in `text` from byte `from` on; of two that begin there, the longer.
  Match next(std::string_view text, std::size_t from = 0) const;
  /// Whether one that begins before `at` ends after it, or touches it where one asks for what is around it: text must
  /// not be cut there.
  bool crosses(std::string_view text, std::size_t at) const;
  /// The first place that `cut`, a FindCut of text without them, finds in [from, to) and that none crosses.
  template <class Cut>
  std::size_t find_cut(std::string_view text, std::size_t from, std::size_t to, const Cut& cut) const {
    std::size_t at = cut(text, from, to);
    while (at < to && crosses(text, at)) at = cut(text, at + 1, to);
    return at;
  }
  /// Calls on_text(part, begin) and on_special(id, begin) for all of `text` in its order: they are cut out first, and
  /// what lies between two is a text of its own, which begins at byte `begin`. White space that one takes belongs to
  /// it. A token that is none, as it stands in a word, hides those that it overlaps, as in Hugging Face's search.
  template <class OnText, class OnSpecial>
  void cut_out(std::string_view text, const OnText& on_text, const OnSpecial& on_special) const {
    std::size_t done = 0;
    for (Match match = next(text); match.length > 0; match = next(text, match.at + match.length)) {
      const std::optional<Reach> reach =
          around_ ? reach_of(match, text, done) : Reach{match.at, match.at + match.length};
      if (!reach) continue;
      if (done < reach->begin) on_text(text.substr(done, reach->begin - done), done);
      on_special(match.id, reach->begin);
      done = reach->end;
    }
    if (done < text.size()) on_text(text.substr(done), done);
  }

 private:
  struct Token {
    std::string text;
    std::int32_t id;
    Around around;
  };
  struct Reach {
    std::size_t begin, end;
  };
  const Token* at(std::string_view text, std::size_t place) const;
  /// A match with the white space that it takes, none of it before `done`; nothing if it stands in a word.
  std::optional<Reach> reach_of(const Match& match, std::string_view text, std::size_t done) const;

  std::array<std::vector<Token>, 256> by_first_byte_;  ///< the longest first
  std::string first_bytes_;                            ///< with which any begins
  std::unordered_set<std::string> known_;
  std::size_t longest_ = 0;
  bool around_ = false;  ///< one asks for what is around it
};

}  // namespace heddle
