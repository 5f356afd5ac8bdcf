#include "train/analysis/words/nearest_words.h"

#include "data/io/utf8.h"

namespace heddle {

std::vector<RatedWord> rated(const WordSpace& space, std::span<const ScoredWord> found) {
  std::vector<RatedWord> words;
  words.reserve(found.size());
  for (const ScoredWord& f : found) words.push_back({space.word(f.row), f.score});
  return words;
}

NearestWords nearest_words(const WordSpace& space, const std::string& word, index_t count,
                           std::vector<index_t> excluded) {
  const index_t row = space.find(word);
  ensure(space.has_direction(row), "the vector of '", visible(space.word(row)),
         "' is zero, or too small to be told from it, so no word is near it");
  excluded.push_back(row);
  const auto query = std::span(space.direction(row), static_cast<std::size_t>(space.dimensions()));
  return {space.word(row), rated(space, space.neighbors(query, count, excluded))};
}

}  // namespace heddle
