#include "train/analysis/translation/ngrams.h"

#include <algorithm>
#include <unordered_map>

#include "data/io/utf8.h"
#include "framework/check.h"

namespace heddle {

std::vector<std::string_view> split_words(std::string_view text) {
  std::vector<std::string_view> words;
  std::size_t begin = 0;
  for (std::size_t at = 0; at <= text.size();) {
    const CodePoint c = decode_utf8(text.substr(at));
    const bool separator = c.value >= 0x1C && c.value <= 0x1F;
    if (at == text.size() || separator || char_class(c.value) == CharClass::space) {
      if (begin < at) words.push_back(text.substr(begin, at - begin));
      begin = at + c.length;
    }
    at += std::max<std::size_t>(c.length, 1);
  }
  return words;
}

NgramMatches match_ngrams(std::u32string_view hypothesis, std::u32string_view reference, std::size_t order) {
  NgramMatches matches;
  std::unordered_map<std::u32string_view, index_t> left;  // of the reference, not yet matched
  for (std::size_t i = 0; i + order <= reference.size(); ++i, ++matches.reference) ++left[reference.substr(i, order)];
  for (std::size_t i = 0; i + order <= hypothesis.size(); ++i, ++matches.hypothesis) {
    const auto found = left.find(hypothesis.substr(i, order));
    if (found == left.end() || found->second == 0) continue;
    --found->second;
    ++matches.both;
  }
  return matches;
}

void check_sentences(const char* metric, std::size_t hypotheses, std::size_t references) {
  ensure(hypotheses == references, metric, ": ", hypotheses, " hypotheses and ", references,
         " references; give one of each a sentence");
  ensure(references > 0, metric, ": there are no sentences; give at least one");
}

}  // namespace heddle
