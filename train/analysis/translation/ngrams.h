#pragma once

#include <string_view>
#include <vector>

#include "framework/parallel.h"

namespace heddle {

/// The words of a text between white space, as Python's str.split() has them: Unicode's White_Space, and the four
/// separators U+001C .. U+001F.
std::vector<std::string_view> split_words(std::string_view text);

/// How many n-grams two sequences have, and how many in common: of each as many as the one that has it less often.
struct NgramMatches {
  index_t hypothesis = 0, reference = 0, both = 0;
};
NgramMatches match_ngrams(std::u32string_view hypothesis, std::u32string_view reference, std::size_t order);

/// Errors: not as many hypotheses as references, or none; `metric` begins them.
void check_sentences(const char* metric, std::size_t hypotheses, std::size_t references);

}  // namespace heddle
