#pragma once

#include <array>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "data/tokenizer/split/syntax.h"

namespace heddle {

/// A regular expression that PCRE2 compiles for this processor. A byte that is not part of valid UTF-8 is to it a
/// character of its own that is neither letter nor number nor space, nor anything else that has a name.
class Expression {
 public:
  /// `expression` as Oniguruma reads it. Errors: those of read_expression; what PCRE2 refuses.
  explicit Expression(const std::string& expression);
  ~Expression();
  Expression(Expression&&) noexcept;

  /// Calls on_match(begin, end) for each match in `text`, from left to right; none overlaps another, and an empty one
  /// is none where the one before ended. Errors: a match that takes more than the matcher's limits of steps and stack.
  void for_matches(std::string_view text,
                   const std::function<void(std::size_t begin, std::size_t end)>& on_match) const;

  /// Whether a text can be cut between two characters, `a` the last of the one part, without another match before or
  /// behind: neither has a match both, nor does it matter to one that ends with `a` what follows, nor do matches that
  /// touch become one if `joined`.
  bool may_part(char32_t a, char32_t b, bool joined) const;
  /// Whether any match attempt that begins at `a` succeeds where a text may be parted behind it.
  bool always_takes(char32_t a) const;

 private:
  struct Code;
  ExpressionSyntax::Atoms atoms_of(char32_t value) const;

  std::string name_;  ///< as the file has it
  ExpressionSyntax syntax_;
  std::unique_ptr<const Code> code_;
  std::vector<Code> atoms_;
  std::array<ExpressionSyntax::Atoms, 128> ascii_{};  ///< what atoms_of says of ASCII
};

}  // namespace heddle
