#pragma once

#include <string>
#include <vector>

#include "train/analysis/geometry/axes.h"
#include "train/analysis/geometry/scatter.h"
#include "train/analysis/words/nearest_words.h"

namespace heddle {

struct WordPair {
  std::string from, to;
};

/// The direction that pairs of words share, and the words along it.
struct WordAxis {
  std::vector<WordPair> pairs;  ///< as the vocabulary spells them
  Axis axis;
  std::vector<real> places;          ///< of every word of the space: its vector's product with the direction
  std::vector<RatedWord> low, high;  ///< the words that lie farthest along it, either way, with their places

  std::string name() const;  ///< of the first pair: "man to woman"
};
/// `vectors` [V, D]: of the space's words, in their own lengths. `count` words are sought at either end, among the
/// first `common` ones. Errors: those of WordSpace::find and shared_axis.
WordAxis word_axis(const WordSpace& space, const Tensor& vectors, const std::vector<WordPair>& pairs, index_t count,
                   index_t common);

double cosine_of(const Axis& a, const Axis& b);

/// The picture of the words of all pairs, and of `words`, along both axes, with an arrow from the one to the other word
/// of each pair. Errors: a word that is not there.
Scatter axes_picture(const WordSpace& space, const WordAxis& across, const WordAxis& upward,
                     const std::vector<std::string>& words);

}  // namespace heddle
