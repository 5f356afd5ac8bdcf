#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "train/analysis/geometry/statistics.h"
#include "train/analysis/words/word_expression.h"
#include "train/analysis/words/word_space.h"

namespace heddle {

/// "a is to b as c is to what?", and the answer d.
using AnalogyQuestion = std::array<std::string, 4>;
/// Questions of one kind.
struct QuestionCategory {
  std::string name;
  std::vector<AnalogyQuestion> questions;
};

/// builtin_questions for "builtin:kingdom", else the questions of a file such as questions-words.txt: a line ": NAME"
/// begins a category, any other holds four words; empty lines are passed over. Questions before the first category
/// belong to one with the empty name: word2vec's compute-accuracy counts them in its total too. (There the word EXIT
/// ends the questions; here it is a word.) Errors: a line of more or fewer words, a category without a name
/// (PATH:LINE), no questions.
std::vector<QuestionCategory> read_questions(const std::string& path);
/// Those of builtin:kingdom's relations: of each, every pair of words with every other.
std::vector<QuestionCategory> builtin_questions();

struct AnalogyOptions {
  index_t limit = 30000;  ///< only the first, most frequent, words exist; 0: all
  AnalogyMethod method = AnalogyMethod::add;
  bool fold_case = true;  ///< ASCII letters that differ in case alone are the same
};

/// How many questions were answered rightly.
struct AnalogyScore {
  std::string name;
  index_t questions = 0;  ///< all
  index_t asked = 0;      ///< those of which all four words exist
  index_t right = 0;

  /// Right answers among those asked; 0 where none was.
  double share() const { return asked == 0 ? 0 : static_cast<double>(right) / static_cast<double>(asked); }
  /// Where the share lies, 95 %.
  Interval interval() const { return wilson_interval(right, asked); }
};

struct AnalogyReport {
  AnalogyMethod method = AnalogyMethod::add;
  std::vector<AnalogyScore> categories;  ///< in the order of the questions
  AnalogyScore total;
  /// Of the first five and the other nine categories of questions-words.txt; none where the categories are others.
  std::optional<AnalogyScore> semantic, syntactic;
};

/// Asks all questions and counts what word2vec's compute-accuracy counts on the same vectors (Mikolov et al.,
/// "Efficient Estimation of Word Representations in Vector Space", 2013): words beyond the limit do not exist; of words
/// that are the same when case is folded the first is meant; a question is asked if all four exist. Its answer is the
/// word with the highest product with b - a + c, unit vectors all, but for the rows of a, b and c themselves: the first
/// of equals, and none where no product is above 0 or a, b or c has no direction. It is right if it is the same word as
/// d, so another spelling of it will do. By `mul` the answer is the word of the highest 3CosMul.
///
/// Products are f32, summed in the order of the dimensions, as there, and never bf16: a faster matrix product only says
/// which words need be looked at.
/// Errors: a limit below 0.
AnalogyReport evaluate_analogies(const WordSpace& space, const std::vector<QuestionCategory>& categories,
                                 const AnalogyOptions& options = {});

}  // namespace heddle
