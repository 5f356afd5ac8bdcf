#pragma once

#include <array>
#include <cstdint>
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

  /// Errors: an empty one, one given twice, one that is not UTF-8.
  void add(const std::string& token, std::int32_t id);
  /// Bytes of the longest one; 0 if there are none.
  std::size_t longest() const { return longest_; }

  /// The first one in `text`; of two that begin there, the longer.
  Match next(std::string_view text) const;
  /// Whether one that begins before `at` ends after it: text must not be cut there.
  bool crosses(std::string_view text, std::size_t at) const;
  /// The first place that `cut`, a FindCut of text without them, finds in [from, to) and that none crosses.
  template <class Cut>
  std::size_t find_cut(std::string_view text, std::size_t from, std::size_t to, const Cut& cut) const {
    std::size_t at = cut(text, from, to);
    while (at < to && crosses(text, at)) at = cut(text, at + 1, to);
    return at;
  }
  /// Calls on_text(part, begin) and on_special(id) for all of `text` in its order: they are cut out first, and what
  /// lies between two is a text of its own, which begins at byte `begin`.
  template <class OnText, class OnSpecial>
  void cut_out(std::string_view text, const OnText& on_text, const OnSpecial& on_special) const {
    for (std::size_t begin = 0; begin < text.size();) {
      const Match special = next(text.substr(begin));
      const std::string_view part = text.substr(begin, special.at);
      if (!part.empty()) on_text(part, begin);
      if (special.length == 0) return;
      on_special(special.id);
      begin += special.at + special.length;
    }
  }

 private:
  struct Token {
    std::string text;
    std::int32_t id;
  };
  const Token* at(std::string_view text, std::size_t place) const;

  std::array<std::vector<Token>, 256> by_first_byte_;  ///< the longest first
  std::string first_bytes_;                            ///< with which any begins
  std::unordered_set<std::string> known_;
  std::size_t longest_ = 0;
};

}  // namespace heddle
