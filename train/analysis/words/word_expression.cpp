#include "train/analysis/words/word_expression.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <map>

#include "data/io/utf8.h"

namespace heddle {

namespace {

constexpr const char* kBlanks = " \t\n\v\f\r";

/// Takes a word that begins at `at`: what stands in double quotes, or reaches to the next blank; `at` is then its end.
std::string take_word(const std::string& text, std::size_t& at) {
  const std::size_t begin = at, closing = text[at] == '"' ? text.find('"', at + 1) : text.npos;
  at = std::min(text.find_first_of(kBlanks, at), text.size());
  const bool quoted = closing != text.npos && closing > begin + 1 &&
                      std::min(text.find_first_of(kBlanks, closing), text.size()) == closing + 1;
  if (!quoted) return text.substr(begin, at - begin);
  at = closing + 1;
  return text.substr(begin + 1, closing - begin - 1);
}

}  // namespace

std::vector<Term> parse_expression(const std::vector<std::string>& arguments) {
  std::vector<Term> terms;
  int sign = 0;  // 0: none since the last word
  for (const std::string& argument : arguments) {
    std::size_t end = argument.npos;  // of the word before, where no sign has followed
    for (std::size_t at = argument.find_first_not_of(kBlanks); at < argument.size();
         at = argument.find_first_not_of(kBlanks, at)) {
      if (argument[at] == '+' || argument[at] == '-') {
        ensure(sign == 0, "analogy: two signs without a word between them; write it as king - man + woman");
        sign = argument[at] == '+' ? 1 : -1;
        end = argument.npos;
        if (++at == argument.size() || std::isspace(static_cast<unsigned char>(argument[at]))) continue;
      }
      const std::size_t begin = at;
      const std::string word = take_word(argument, at);
      if (end != argument.npos) {
        terms.back().word += argument.substr(end, begin - end) + word;
      } else {
        ensure(sign != 0 || terms.empty(), "analogy: no sign before '", visible(word),
               "'; write it as king - man + woman");
        terms.push_back({word, sign == 0 ? 1 : sign});
      }
      sign = 0;
      end = at;
    }
  }
  ensure(sign == 0, "analogy: no word after the last sign; write it as king - man + woman");
  ensure(!terms.empty(), "analogy: no words; write it as king - man + woman");
  return terms;
}

std::vector<ScoredWord> solve(const WordSpace& space, const std::vector<Term>& terms, AnalogyMethod method,
                              index_t count) {
  ensure(!terms.empty(), "analogy: no words");
  std::vector<index_t> rows;
  std::map<index_t, int> left;  // how often each is added in the end
  for (const Term& term : terms) {
    const bool joined = term.word.find_first_of("+- ", 1) != std::string::npos && space.row_as_typed(term.word) < 0;
    ensure(!joined, "word '", visible(term.word),
           "' is not in the vocabulary; if it is a sum, write its signs between blanks: king - man + woman");
    rows.push_back(space.find(term.word));
    left[rows.back()] += term.sign;
  }
  ensure(std::any_of(left.begin(), left.end(), [](const auto& row) { return row.second != 0; }),
         "analogy: what is added is taken away again, so the words cancel out to zero; ask another sum");
  const auto d = static_cast<std::size_t>(space.dimensions());
  if (method == AnalogyMethod::add) {
    std::vector<real> query(d);
    for (std::size_t t = 0; t < terms.size(); ++t) {
      const real* const direction = space.direction(rows[t]);
      for (std::size_t i = 0; i < d; ++i) query[i] += static_cast<real>(terms[t].sign) * direction[i];
    }
    // Directions that cancel out leave no more than the rounding of their sum.
    const double length = std::sqrt(double{dot_in_order(query.data(), query.data(), space.dimensions())});
    ensure(length > static_cast<double>(terms.size()) * 1e-6,
           "analogy: the directions of the words cancel out to zero, so no word is near their sum; ask another sum");
    return space.neighbors(query, count, rows);
  }
  const auto words = static_cast<std::size_t>(space.size());
  std::vector<double> added(words, 1), taken(words, 1);
  for (std::size_t t = 0; t < terms.size(); ++t) {
    const std::vector<real> cosines = space.cosines({space.direction(rows[t]), d});
    std::vector<double>& product = terms[t].sign > 0 ? added : taken;
    for (std::size_t i = 0; i < words; ++i) product[i] *= shifted_cosine(cosines[i]);
  }
  std::vector<real> scores(words);
  for (std::size_t i = 0; i < words; ++i) scores[i] = static_cast<real>(added[i] / (taken[i] + kMulOffset));
  return best_words(std::span(scores).first(static_cast<std::size_t>(space.answers())), count, rows);
}

}  // namespace heddle
