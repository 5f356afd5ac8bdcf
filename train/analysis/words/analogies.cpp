#include "train/analysis/words/analogies.h"

#include <algorithm>
#include <iterator>
#include <span>
#include <sstream>

#include "data/io/lines.h"
#include "data/text/kingdom.h"
#include "framework/gemm.h"

namespace heddle {
namespace {

/// The rows of a question's words.
struct Question {
  index_t a, b, c, d;
};

/// How a method asks: with kQueries vectors for each question, whose products with a word's vector make its score.
struct Add {
  static constexpr index_t kQueries = 1;
  static void write_queries(const WordSpace& space, const Question& q, real* query) {
    const real *a = space.direction(q.a), *b = space.direction(q.b), *c = space.direction(q.c);
    for (index_t i = 0; i < space.dimensions(); ++i) query[i] = (b[i] - a[i]) + c[i];
  }
  static double score(const real* query, const real* word, index_t d) { return dot_in_order(query, word, d); }
  /// No less than the score, where products with unit vectors are `error` off: the query is at most three of them.
  static double bound(const real* product, index_t, double error) { return product[0] + 3 * error; }
};

struct Mul {
  static constexpr index_t kQueries = 3;
  static void write_queries(const WordSpace& space, const Question& q, real* queries) {
    for (const index_t row : {q.a, q.b, q.c}) queries = std::copy_n(space.direction(row), space.dimensions(), queries);
  }
  static double combine(double a, double b, double c) {
    return shifted_cosine(b) * shifted_cosine(c) / (shifted_cosine(a) + kMulOffset);
  }
  static double score(const real* queries, const real* word, index_t d) {
    return combine(dot_in_order(queries, word, d), dot_in_order(queries + d, word, d),
                   dot_in_order(queries + 2 * d, word, d));
  }
  static double bound(const real* products, index_t stride, double error) {
    return combine(products[0] - error, products[stride] + error, products[2 * stride] + error);
  }
};

/// The row of the answer to each question among the first `words`; -1 where there is none.
template <class Method>
std::vector<index_t> answers(const WordSpace& space, index_t words, const std::vector<Question>& questions) {
  struct Answer {
    index_t row = -1;
    double score = 0;
  };
  // A tile of products, a row a query, is read while it is in the cache.
  constexpr index_t kQuestions = 256, kWords = 1024;
  const index_t total = static_cast<index_t>(questions.size()), d = space.dimensions();
  // Two sums of d products of unit vectors, in any two orders, differ by less than 2 d 2^-24 (Higham, "Accuracy and
  // Stability of Numerical Algorithms", 2002, section 3.1); twice that, and some for vectors not quite of length 1.
  const double error = static_cast<double>(d + 8) * 4 * 0x1p-24;
  std::vector<Answer> best(questions.size());
  Tensor queries({kQuestions * Method::kQueries, d}), products({kQuestions * Method::kQueries, kWords});
  const auto query_of = [&, to = queries.mutable_data()](index_t i) { return to + i * Method::kQueries * d; };
  for (index_t first = 0; first < total; first += kQuestions) {
    const index_t count = std::min(kQuestions, total - first);
    const Question* const asked = questions.data() + first;
    for (index_t i = 0; i < count; ++i) Method::write_queries(space, asked[i], query_of(i));
    for (index_t begin = 0; begin < words; begin += kWords) {
      const index_t columns = std::min(kWords, words - begin);
      gemm(count * Method::kQueries, columns, d, {{queries.data(), d}}, {{space.direction(begin), d, true}},
           {products.mutable_data(), kWords});
      parallel_rows(count, columns, [&](index_t i) {
        const Question& q = asked[i];
        Answer& answer = best[static_cast<std::size_t>(first + i)];
        const real* const row_products = products.data() + i * Method::kQueries * kWords;
        for (index_t j = 0; j < columns; ++j) {
          if (Method::bound(row_products + j, kWords, error) <= answer.score) continue;
          const index_t row = begin + j;
          if (row == q.a || row == q.b || row == q.c) continue;
          const double score = Method::score(query_of(i), space.direction(row), d);
          if (score > answer.score) answer = {row, score};
        }
      });
    }
  }
  std::vector<index_t> rows;
  for (const Answer& answer : best) rows.push_back(answer.row);
  return rows;
}

/// Adds up the categories [begin, end).
AnalogyScore sum_of(const char* name, std::span<const AnalogyScore> categories) {
  AnalogyScore sum;
  sum.name = name;
  for (const AnalogyScore& category : categories) {
    sum.questions += category.questions;
    sum.asked += category.asked;
    sum.right += category.right;
  }
  return sum;
}

/// The categories of questions-words.txt; the first five are of meaning, the others of grammar.
constexpr const char* kKnownCategories[] = {
    "capital-common-countries",
    "capital-world",
    "currency",
    "city-in-state",
    "family",
    "gram1-adjective-to-adverb",
    "gram2-opposite",
    "gram3-comparative",
    "gram4-superlative",
    "gram5-present-participle",
    "gram6-nationality-adjective",
    "gram7-past-tense",
    "gram8-plural",
    "gram9-plural-verbs",
};
constexpr std::size_t kSemantic = 5;

}  // namespace

std::vector<QuestionCategory> read_questions(const std::string& path) {
  if (path == "builtin:kingdom") return builtin_questions();
  std::vector<QuestionCategory> categories;
  bool any = false;
  for_lines(path, "questions file", [&](const std::string& line, const std::string& place) {
    std::istringstream in(line);
    const std::vector<std::string> words{std::istream_iterator<std::string>(in), {}};
    if (words.empty()) return;
    if (words[0][0] == ':') {
      const std::size_t begin = line.find_first_not_of(" \t:"), end = line.find_last_not_of(" \t");
      ensure(begin != std::string::npos, place, ": a category needs a name, as in : currency");
      categories.push_back({line.substr(begin, end + 1 - begin), {}});
      return;
    }
    ensure(words.size() == 4, place, ": a question has four words, this line has ", words.size());
    if (categories.empty()) categories.emplace_back();
    categories.back().questions.push_back({words[0], words[1], words[2], words[3]});
    any = true;
  });
  ensure(any, "questions file ", path, " holds no questions; a line is four words, as in king queen man woman");
  return categories;
}

std::vector<QuestionCategory> builtin_questions() {
  std::vector<QuestionCategory> categories;
  for (const AnalogyCategory& relation : kingdom_analogies()) {
    categories.push_back({relation.name, {}});
    for (const auto& given : relation.pairs) {
      for (const auto& asked : relation.pairs) {
        if (given != asked)
          categories.back().questions.push_back({given.first, given.second, asked.first, asked.second});
      }
    }
  }
  return categories;
}

AnalogyReport evaluate_analogies(const WordSpace& space, const std::vector<QuestionCategory>& categories,
                                 const AnalogyOptions& options) {
  ensure(options.limit >= 0, "analogies: a vocabulary of ", options.limit, " words cannot be asked; 0 means all");
  const index_t words = options.limit == 0 ? space.size() : std::min(options.limit, space.size());
  const WordIndex index(std::span(space.words()).first(static_cast<std::size_t>(words)), options.fold_case);

  std::vector<AnalogyScore> scores;
  std::vector<Question> questions;       // that can be answered
  std::vector<std::size_t> category_of;  // each of them
  for (const QuestionCategory& category : categories) {
    AnalogyScore& score = scores.emplace_back();
    score.name = category.name;
    score.questions = static_cast<index_t>(category.questions.size());
    for (const AnalogyQuestion& question : category.questions) {
      const Question q = {index.row_of(question[0]), index.row_of(question[1]), index.row_of(question[2]),
                          index.row_of(question[3])};
      if (std::min({q.a, q.b, q.c, q.d}) < 0) continue;
      ++score.asked;
      if (!space.has_direction(q.a) || !space.has_direction(q.b) || !space.has_direction(q.c)) continue;
      questions.push_back(q);
      category_of.push_back(scores.size() - 1);
    }
  }
  const std::vector<index_t> rows = options.method == AnalogyMethod::add ? answers<Add>(space, words, questions)
                                                                         : answers<Mul>(space, words, questions);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (rows[i] >= 0 && index.row_of(space.word(rows[i])) == questions[i].d) ++scores[category_of[i]].right;
  }

  AnalogyReport report;
  report.method = options.method;
  report.total = sum_of("all", scores);
  if (std::equal(scores.begin(), scores.end(), std::begin(kKnownCategories), std::end(kKnownCategories),
                 [](const AnalogyScore& score, const char* name) { return score.name == name; })) {
    report.semantic = sum_of("semantic", std::span(scores).first(kSemantic));
    report.syntactic = sum_of("syntactic", std::span(scores).subspan(kSemantic));
  }
  report.categories = std::move(scores);
  return report;
}

}  // namespace heddle
