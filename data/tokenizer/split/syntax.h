#pragma once

#include <bitset>
#include <string>
#include <string_view>
#include <vector>

namespace heddle {

/// A regular expression of a tokenizer.json, which Oniguruma reads there, put into words that PCRE2 reads alike.
///
/// What it may hold is a list of what was tried in both: characters, classes, \p{..} of categories and scripts, \s \d
/// \w, groups, (?i:..), (?>..), looking ahead, the end of a line ($), repetition, also lazy and possessive. Where the
/// two differ, Oniguruma's meaning counts: x{1,3}+ repeats x{1,3} and is not possessive, $ stands before every \n, \w
/// has marks, \p{Han} is the script without its extensions.
struct ExpressionSyntax {
  static constexpr std::size_t kMostAtoms = 128;
  using Atoms = std::bitset<kMostAtoms>;

  std::string pcre;  ///< for PCRE2 with PCRE2_UTF
  /// Every place of the expression that stands for one character, as an expression of its own, and after which others
  /// each may be asked for the character behind its own, be it within a match or to see where one ends (Glushkov, "The
  /// abstract theory of automata", 1961). Empty where there are more than kMostAtoms.
  std::vector<std::string> atoms{};
  std::vector<Atoms> follow{};
  Atoms first{}, last{};  ///< with which a match may begin and end
};

/// Errors: what is none, or holds what is not in that list, by name.
ExpressionSyntax read_expression(std::string_view expression);
/// An expression that is this text and nothing else.
std::string quoted_expression(std::string_view text);

}  // namespace heddle
