#include <algorithm>
#include <array>
#include <unordered_set>

#include "data/io/lines.h"
#include "data/io/utf8.h"
#include "train/analysis/words/word_groups.h"

namespace heddle {
namespace {

constexpr std::array kSmallWords = {
    // articles, and words that stand before nouns as they do
    "a", "an", "the", "this", "that", "these", "those", "some", "any", "each", "every", "no", "all", "both", "such",
    "another", "other", "others", "same", "own", "much", "many", "more", "most", "few", "less", "several",
    // pronouns
    "i", "me", "my", "mine", "myself", "you", "your", "yours", "yourself", "he", "him", "his", "himself", "she", "her",
    "hers", "herself", "it", "its", "itself", "we", "us", "our", "ours", "ourselves", "they", "them", "their", "theirs",
    "themselves", "one", "who", "whom", "whose", "which", "what", "whatever", "thou", "thee", "thy", "ye",
    // prepositions
    "of", "in", "on", "at", "by", "to", "from", "for", "with", "without", "within", "into", "onto", "upon", "about",
    "above", "below", "under", "over", "between", "among", "through", "during", "before", "after", "against", "toward",
    "towards", "until", "till", "since", "per", "via", "up", "down", "out", "off",
    // conjunctions
    "and", "or", "but", "nor", "if", "because", "as", "than", "though", "although", "while", "whether", "unless", "so",
    "yet", "when", "where", "why", "how",
    // auxiliary verbs, and what is left of them and of "not" behind an apostrophe
    "be", "am", "is", "are", "was", "were", "been", "being", "have", "has", "had", "having", "do", "does", "did",
    "doing", "will", "would", "shall", "should", "can", "could", "may", "might", "must", "ought", "not", "s", "t", "ll",
    "ve", "re", "d", "m", "don", "didn", "isn", "wasn", "couldn", "wouldn", "don't", "didn't", "it's", "i'm",
    // adverbs of no meaning of their own
    "there", "here", "then", "thus", "too", "very", "just", "only", "also", "again", "once", "ever", "even", "still"};

bool holds_word_character(std::string_view word) {
  for (std::size_t at = 0; at < word.size();) {
    const CodePoint c = decode_utf8(word.substr(at));
    const CharClass kind = char_class(c.value);
    if (c.length > 0 && (kind == CharClass::letter || kind == CharClass::number)) return true;
    at += std::max<std::size_t>(c.length, 1);
  }
  return false;
}

}  // namespace

bool is_small_word(std::string_view word) {
  static const std::unordered_set<std::string_view> small(kSmallWords.begin(), kSmallWords.end());
  if (word.starts_with(' ')) word.remove_prefix(1);  // as byte-pair encoding has it
  return !holds_word_character(word) || small.contains(lower_case(word));
}

DrawnWords frequent_words(const WordSpace& space, index_t count, bool small) {
  DrawnWords drawn;
  for (index_t row = 0; row < space.answers() && drawn.size() < count; ++row) {
    if (!small && is_small_word(space.word(row))) {
      ++drawn.small;
    } else if (!space.has_direction(row)) {
      drawn.zero.push_back(space.word(row));
    } else {
      drawn.rows.push_back(row);
    }
  }
  return drawn;
}

DrawnWords listed_words(const WordSpace& space, const std::vector<std::string>& words) {
  DrawnWords drawn;
  std::unordered_set<index_t> seen;
  for (const std::string& word : words) {
    const index_t row = space.row_as_typed(word);
    if (row < 0) {
      drawn.unknown.push_back(word);
    } else if (seen.insert(row).second) {
      space.has_direction(row) ? drawn.rows.push_back(row) : drawn.zero.push_back(space.word(row));
    }
  }
  ensure(drawn.unknown.size() < words.size(), "listed words: none of the ", words.size(),
         " is in the vocabulary, the first is '", words.empty() ? "" : visible_start(words[0]), "'");
  return drawn;
}

std::vector<std::string> read_words(const std::string& path) {
  std::vector<std::string> words;
  for_lines(path, "list of words", [&](const std::string& line, const std::string&) {
    const std::size_t first = line.find_first_not_of(" \t");
    if (first != line.npos) words.push_back(line.substr(first, line.find_last_not_of(" \t") + 1 - first));
  });
  ensure(!words.empty(), "list of words ", path, " is empty; write one a line");
  return words;
}

std::vector<std::vector<std::string>> equal_words(const WordSpace& space, const DrawnWords& drawn) {
  const auto direction = [&](index_t row) {
    return std::span(space.direction(row), static_cast<std::size_t>(space.dimensions()));
  };
  std::vector<index_t> order = drawn.rows;
  std::sort(order.begin(), order.end(), [&](index_t a, index_t b) {
    const auto x = direction(a), y = direction(b);
    if (std::equal(x.begin(), x.end(), y.begin())) return a < b;
    return std::lexicographical_compare(x.begin(), x.end(), y.begin(), y.end());
  });
  std::vector<std::vector<index_t>> sets;
  for (std::size_t i = 0; i < order.size(); ++i) {
    const bool same =
        i > 0 && std::equal(direction(order[i]).begin(), direction(order[i]).end(), direction(order[i - 1]).begin());
    if (!same) sets.emplace_back();
    sets.back().push_back(order[i]);
  }
  std::erase_if(sets, [](const auto& set) { return set.size() < 2; });
  std::sort(sets.begin(), sets.end());
  std::vector<std::vector<std::string>> words;
  for (const auto& set : sets) {
    words.emplace_back();
    for (const index_t row : set) words.back().push_back(space.word(row));
  }
  return words;
}

}  // namespace heddle
