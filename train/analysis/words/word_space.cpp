#include "train/analysis/words/word_space.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "data/io/utf8.h"
#include "framework/format.h"

namespace heddle {
namespace {

std::string capitals(std::string word) {
  for (char& c : word) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  }
  return word;
}

}  // namespace

WordIndex::WordIndex(std::span<const std::string> words, bool fold_case) : fold_case_(fold_case) {
  rows_.reserve(words.size());
  for (const std::string& word : words)
    rows_.try_emplace(fold_case ? capitals(word) : word, static_cast<index_t>(&word - words.data()));
}

index_t WordIndex::row_of(const std::string& word) const {
  const auto found = rows_.find(fold_case_ ? capitals(word) : word);
  return found == rows_.end() ? -1 : found->second;
}

std::vector<ScoredWord> best_words(std::span<const real> scores, index_t count, std::span<const index_t> excluded) {
  std::vector<ScoredWord> words;
  words.reserve(scores.size());
  for (const real& score : scores) words.push_back({&score - scores.data(), score});
  std::erase_if(words, [&](const ScoredWord& word) {
    return std::find(excluded.begin(), excluded.end(), word.row) != excluded.end();
  });
  const auto end = words.begin() + std::clamp(count, index_t{0}, static_cast<index_t>(words.size()));
  std::partial_sort(words.begin(), end, words.end(), [](const ScoredWord& a, const ScoredWord& b) {
    return a.score != b.score ? a.score > b.score : a.row < b.row;
  });
  words.erase(end, words.end());
  return words;
}

real dot_in_order(const real* a, const real* b, index_t n) {
  real sum = 0;
  for (index_t i = 0; i < n; ++i) sum += a[i] * b[i];
  return sum;
}

WordSpace::WordSpace(WordVectors vectors)
    : words_(std::move(vectors.words)),
      read_word_(std::move(vectors.read_word)),
      asked_(vectors.asked),
      unreadable_(std::move(vectors.first_unreadable)) {
  const Tensor& given = vectors.vectors;
  const auto count = static_cast<index_t>(words_.size());
  ensure(count > 0, "word vectors: there are no words");
  ensure(asked_ >= 0 && asked_ <= count, "word vectors: ", asked_, " of ", count, " words to be asked for alone");
  ensure(given.ndim() == 2 && given.size(0) == count && given.size(1) > 0, "word vectors: ", count,
         " words need vectors [", count, ", D], these are ", given.shape());
  vectors_ = given.clone();
  const index_t d = dimensions();
  std::vector<real> lengths(words_.size());
  parallel_rows(count, d, [&, all = vectors_.mutable_data()](index_t row) {
    real* const vector = all + row * d;
    const real length = std::sqrt(dot_in_order(vector, vector, d));
    lengths[static_cast<std::size_t>(row)] = length;
    // where the squares vanish, zeros alone are left: a direction made of their rounding would be none
    for (index_t i = 0; i < d; ++i) vector[i] = length > 0 ? vector[i] / length : real{0};
  });
  for (std::size_t row = 0; row < words_.size(); ++row)
    ensure(std::isfinite(lengths[row]), "word vectors: that of '", visible(words_[row]), "' (row ", row,
           ") holds numbers that are not finite, or too large");
  index_ = WordIndex(words_);
}

Tensor WordSpace::directions(std::span<const index_t> rows) const {
  Tensor chosen({static_cast<index_t>(rows.size()), dimensions()});
  real* to = chosen.mutable_data();
  for (const index_t row : rows) to = std::copy_n(direction(row), dimensions(), to);
  return chosen;
}

bool WordSpace::has_direction(index_t row) const {
  return std::any_of(direction(row), direction(row) + dimensions(), [](real x) { return x != 0; });
}

index_t WordSpace::row_as_typed(const std::string& typed) const {
  const std::string word = read_word_ ? read_word_(typed) : typed;
  if (const index_t row = row_of(word); row >= 0) return row;
  const auto shown =
      std::find_if(words_.begin(), words_.end(), [&](const auto& other) { return visible(other) == word; });
  if (shown != words_.end()) return shown - words_.begin();
  const index_t lower = row_of(lower_case(word));
  const auto is_lower = [](const std::string& other) { return lower_case(other) == other; };
  return lower >= 0 && std::all_of(words_.begin(), words_.end(), is_lower) ? lower : -1;
}

index_t WordSpace::find(const std::string& word) const {
  const index_t row = row_as_typed(word);
  if (row >= 0) return row;
  std::vector<std::string> near = nearest_spellings(word, words_, 3, (word.size() + 1) / 2);
  if (row_of(lower_case(word)) >= 0) near = {lower_case(word)};
  const bool blank_before = row_of(' ' + word) >= 0;  // as byte-pair encoding has words
  if (blank_before) near = {concat_text("' ", word, "', with a blank and in quotation marks")};
  for (std::string& other : near) other = blank_before ? other : visible(other);
  throw Error(concat_text("word '", visible_start(word, 100), "' is not in the vocabulary",
                          near.empty() ? "" : fmt::format("; near it: {}", fmt::join(near, ", ")),
                          unreadable_.empty() ? "" : "; a line of the file cannot be read: ", unreadable_));
}

std::vector<real> WordSpace::cosines(std::span<const real> query) const {
  const index_t d = dimensions();
  ensure(static_cast<index_t>(query.size()) == d, "word vectors: a query of ", query.size(),
         " numbers cannot be asked; ", d, " are wanted");
  const real length = std::sqrt(dot_in_order(query.data(), query.data(), d));
  ensure(std::isfinite(length), "word vectors: the query holds numbers that are not finite, or too large");
  std::vector<real> result(words_.size());
  if (length > 0) {
    parallel_rows(size(), d, [&](index_t row) {
      result[static_cast<std::size_t>(row)] = dot_in_order(query.data(), direction(row), d) / length;
    });
  }
  return result;
}

std::vector<ScoredWord> WordSpace::neighbors(std::span<const real> query, index_t count,
                                             std::span<const index_t> excluded) const {
  const std::vector<real> all = cosines(query);
  return best_words(std::span(all).first(static_cast<std::size_t>(answers())), count, excluded);
}

}  // namespace heddle
