#pragma once

#include <span>
#include <string>
#include <vector>

#include "train/analysis/words/word_space.h"

namespace heddle {

/// A word and how well it fits: a ScoredWord that needs no space to be read.
struct RatedWord {
  std::string word;
  real score;
};
std::vector<RatedWord> rated(const WordSpace& space, std::span<const ScoredWord> found);

/// A word and those whose vectors make the smallest angles with its own, with the cosines, the nearest first.
struct NearestWords {
  std::string word;
  std::vector<RatedWord> nearest;
};
/// The `count` nearest to a word, as WordSpace::find takes it, without itself. Errors: those of find; its vector is
/// zero.
NearestWords nearest_words(const WordSpace& space, const std::string& word, index_t count);

/// Two words and the cosine of their vectors.
struct PairCosine {
  std::string first, second;
  real cosine;
};
/// Errors: as nearest_words, of either.
PairCosine pair_cosine(const WordSpace& space, const std::string& first, const std::string& second);

}  // namespace heddle
