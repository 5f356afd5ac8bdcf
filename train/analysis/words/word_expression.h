#pragma once

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "framework/names.h"
#include "train/analysis/words/word_space.h"

namespace heddle {

/// A word of a sum, added (+1) or taken away (-1).
struct Term {
  std::string word;
  int sign = 1;

  friend bool operator==(const Term&, const Term&) = default;
};
/// The terms of a sum such as `king - man + woman`, in one string or cut at blanks into several. A sign may stand alone
/// or before its word (`king -man +woman`); one before the first word may be left out. Hyphens within a word are the
/// word's own (`well-known`), and a word that begins with a sign is written behind another one (`+-5`) or in double
/// quotes. What stands in one string between two signs is one word, with its blanks (`new york - usa`), and so is what
/// stands in double quotes (`"new york" - usa`).
/// Errors: no word, two strings of words without a sign between them, a sign without a word.
std::vector<Term> parse_expression(const std::vector<std::string>& arguments);

/// How the words are ranked that fit a sum of words.
///   add: by the cosine with the sum of the signed unit vectors (Mikolov, Yih & Zweig, "Linguistic Regularities in
///        Continuous Space Word Representations", 2013; 3CosAdd).
///   mul: by the product of the shifted cosines with the added words over (that with the words taken away + 0.001)
///        (Levy & Goldberg, "Linguistic Regularities in Sparse and Explicit Word Representations", 2014; 3CosMul).
enum class AnalogyMethod { add, mul };
constexpr auto names_of(AnalogyMethod) {
  return std::array{Named{AnalogyMethod::add, "add"}, Named{AnalogyMethod::mul, "mul"}};
}
/// What 3CosMul multiplies: (1 + cosine) / 2. Rounding may leave a cosine below -1: never less than 0.
inline double shifted_cosine(double cosine) { return std::max(0.0, (1 + cosine) / 2); }
constexpr double kMulOffset = 0.001;

/// The `count` answers that fit the sum best, best first and of equals the lower row; the sum's own words are left out.
/// Errors: no terms, a word that is not in the vocabulary, a sum of which nothing is left.
std::vector<ScoredWord> solve(const WordSpace& space, const std::vector<Term>& terms, AnalogyMethod method,
                              index_t count);

}  // namespace heddle
