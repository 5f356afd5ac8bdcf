#pragma once

#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "data/vectors/word_vectors.h"

namespace heddle {

/// Rows by their words; of equal words the first row, that of the most frequent.
class WordIndex {
 public:
  WordIndex() = default;
  /// `fold_case`: ASCII letters that differ in case alone are the same.
  explicit WordIndex(std::span<const std::string> words, bool fold_case = false);

  /// The word's row; -1 if it has none.
  index_t row_of(const std::string& word) const;

 private:
  bool fold_case_ = false;
  std::unordered_map<std::string, index_t> rows_;
};

/// A word by its row, and how well it fits.
struct ScoredWord {
  index_t row;
  real score;
};
/// The `count` rows of the highest scores, best first and of equals the lower row, without the excluded ones.
std::vector<ScoredWord> best_words(std::span<const real> scores, index_t count, std::span<const index_t> excluded);

/// Sum of a[i] b[i] over [0, n), in f32 and in that order, each product and each sum rounded, as word2vec's own
/// programs are written (CMakeLists.txt keeps the compiler from fusing the two).
real dot_in_order(const real* a, const real* b, index_t n);

/// Words as directions: every vector divided by its length, so that the cosine of two words is their dot product. A
/// vector of zeros stays as it is: its cosine with any other is 0.
class WordSpace {
 public:
  /// Errors: not one row of at least one number for each word, no words, numbers that are not finite, or so large that
  /// their squares are not.
  explicit WordSpace(WordVectors vectors);

  index_t size() const { return vectors_.size(0); }
  /// The first so many words may be answers; the others are there to be asked for.
  index_t answers() const { return size() - asked_; }
  index_t dimensions() const { return vectors_.size(1); }
  const std::vector<std::string>& words() const { return words_; }
  const std::string& word(index_t row) const { return words_[static_cast<std::size_t>(row)]; }
  /// The unit vector [D] of a row.
  const real* direction(index_t row) const { return vectors_.data() + row * dimensions(); }
  /// Those of several, [N, D].
  Tensor directions(std::span<const index_t> rows) const;
  /// False for a vector of zeros.
  bool has_direction(index_t row) const;

  /// The word's row; -1 if it has none.
  index_t row_of(const std::string& word) const { return index_.row_of(word); }
  /// The row of a word as it is, or as visible() shows it, which people type; read as the text's words were, and in
  /// lower case where all words are. -1 if there is none.
  index_t row_as_typed(const std::string& word) const;
  /// The same. Errors: it is not in the vocabulary; up to three words that are spelt nearly so are named, and what of
  /// the vectors' file could not be read.
  index_t find(const std::string& word) const;

  /// The cosine of `query` [D] with every word, [V]; all 0 if it is zero. Errors: it is not of size D, or not finite.
  std::vector<real> cosines(std::span<const real> query) const;
  /// The `count` answers of the highest cosine with `query` [D], best first and of equals the lower row, without the
  /// excluded rows. Errors: those of `cosines`.
  std::vector<ScoredWord> neighbors(std::span<const real> query, index_t count,
                                    std::span<const index_t> excluded = {}) const;

 private:
  std::vector<std::string> words_;
  Tensor vectors_;
  std::function<std::string(std::string_view)> read_word_;
  index_t asked_;
  std::string unreadable_;  ///< why a word may not be there
  WordIndex index_;
};

}  // namespace heddle
