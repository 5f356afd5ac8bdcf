#include "train/analysis/words/nearest_words.h"

#include "data/io/utf8.h"

namespace heddle {

std::vector<RatedWord> rated(const WordSpace& space, std::span<const ScoredWord> found) {
  std::vector<RatedWord> words;
  words.reserve(found.size());
  for (const ScoredWord& f : found) words.push_back({space.word(f.row), f.score});
  return words;
}

namespace {

/// The row of a word that points somewhere.
index_t find_direction(const WordSpace& space, const std::string& word) {
  const index_t row = space.find(word);
  ensure(space.has_direction(row), "the vector of '", visible(space.word(row)),
         "' is zero, or too small to be told from it, so no word is near it");
  return row;
}

}  // namespace

NearestWords nearest_words(const WordSpace& space, const std::string& word, index_t count) {
  const index_t row = find_direction(space, word);
  const auto query = std::span(space.direction(row), static_cast<std::size_t>(space.dimensions()));
  return {space.word(row), rated(space, space.neighbors(query, count, std::span(&row, 1)))};
}

PairCosine pair_cosine(const WordSpace& space, const std::string& first, const std::string& second) {
  const index_t a = find_direction(space, first), b = find_direction(space, second);
  return {space.word(a), space.word(b), dot_in_order(space.direction(a), space.direction(b), space.dimensions())};
}

}  // namespace heddle
