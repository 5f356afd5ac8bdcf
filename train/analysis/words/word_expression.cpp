#include "train/analysis/words/word_expression.h"

#include <cmath>
#include <sstream>

#include "data/io/utf8.h"

namespace heddle {

std::vector<Term> parse_expression(const std::vector<std::string>& arguments) {
  std::vector<Term> terms;
  int sign = 0;  // 0: none since the last word
  for (const std::string& argument : arguments) {
    std::istringstream in(argument);
    for (std::string piece; in >> piece;) {
      if (piece[0] == '+' || piece[0] == '-') {
        ensure(sign == 0, "analogy: two signs without a word between them; write it as king - man + woman");
        sign = piece[0] == '+' ? 1 : -1;
        piece.erase(0, 1);
        if (piece.empty()) continue;
      }
      ensure(sign != 0 || terms.empty(), "analogy: no sign before '", visible(piece),
             "'; write it as king - man + woman");
      terms.push_back({piece, sign == 0 ? 1 : sign});
      sign = 0;
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
  for (const Term& term : terms) {
    const bool joined = term.word.find_first_of("+-", 1) != std::string::npos && space.row_as_typed(term.word) < 0;
    ensure(!joined, "word '", visible(term.word),
           "' is not in the vocabulary; if its signs are those of a sum, put blanks before them: king -man +woman");
    rows.push_back(space.find(term.word));
  }
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
  return best_words(scores, count, rows);
}

}  // namespace heddle
