#include "data/labels/naive_bayes.h"

#include <algorithm>
#include <cmath>

#include "data/io/utf8.h"

namespace heddle {
namespace {

std::vector<std::string> words_of(const std::string& text) {
  std::vector<std::string> words;
  bool within = false;
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint c = decode_utf8(std::string_view(text).substr(at));
    const bool belongs = c.length > 0 && is_word_character(c.value);
    if (belongs && !within) words.emplace_back();
    if (belongs) append_lower_case(words.back(), c.value);
    within = belongs;
    at += std::max<std::size_t>(c.length, 1);
  }
  return words;
}

/// Calls on_ngram(words with spaces between) for every n-gram of the texts.
template <class OnNgram>
void for_ngrams(std::span<const std::string> texts, std::size_t longest, const OnNgram& on_ngram) {
  for (const std::string& text : texts) {
    const std::vector<std::string> words = words_of(text);
    for (std::size_t first = 0; first < words.size(); ++first) {
      std::string ngram;
      for (std::size_t next = first; next < std::min(words.size(), first + longest); ++next) {
        if (next > first) ngram += ' ';
        ngram += words[next];
        on_ngram(ngram);
      }
    }
  }
}

}  // namespace

NaiveBayes::NaiveBayes(std::size_t classes, std::size_t longest)
    : longest_(longest), texts_(classes), ngrams_(classes) {}

void NaiveBayes::add(std::span<const std::string> texts, std::int32_t is) {
  const auto c = static_cast<std::size_t>(is);
  ++texts_[c];
  for_ngrams(texts, longest_, [&](const std::string& ngram) {
    std::vector<std::int64_t>& counts = counts_[ngram];
    counts.resize(texts_.size());
    ++counts[c];
    ++ngrams_[c];
  });
}

std::vector<double> NaiveBayes::scores(std::span<const std::string> texts) const {
  std::int64_t all = 0;
  for (const std::int64_t count : texts_) all += count;
  std::vector<double> sums;
  for (const std::int64_t count : texts_)
    sums.push_back(std::log(static_cast<double>(count) / static_cast<double>(all)));
  for_ngrams(texts, longest_, [&](const std::string& ngram) {
    const auto found = counts_.find(ngram);
    if (found == counts_.end()) return;
    for (std::size_t c = 0; c < sums.size(); ++c) {
      const auto whole = static_cast<double>(ngrams_[c]) + static_cast<double>(counts_.size());
      sums[c] += std::log(static_cast<double>(found->second[c] + 1) / whole);
    }
  });
  return sums;
}

std::int32_t NaiveBayes::classify(std::span<const std::string> texts) const {
  const std::vector<double> all = scores(texts);
  return static_cast<std::int32_t>(std::max_element(all.begin(), all.end()) - all.begin());
}

}  // namespace heddle
