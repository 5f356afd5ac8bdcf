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
