#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "data/text/kingdom.h"
#include "framework/keys.h"
#include "train/analysis/geometry/probe.h"
#include "train/analysis/words/word_space.h"

namespace heddle {

struct DimensionOptions {
  std::int64_t shown = 10, count = 5, common = 5000, seed = 1;

  std::vector<Key> keys();
};

/// A dimension, and the words at its two ends, the farthest first.
struct DimensionEnds {
  index_t dimension;
  std::vector<std::string> low, high;
};
/// How well a linear probe reads a property of words from single dimensions and from all, as they are and after a
/// random rotation, which changes no cosine.
struct PropertyProbe {
  std::string property;
  index_t words = 0;                 ///< that there are vectors of
  std::vector<std::string> classes;  ///< in the order in which they come up
  bool probed = false;               ///< false: too few of its words have vectors
  Probe as_is, rotated;
};
/// What single dimensions of word vectors tell, beside all together.
struct DimensionReport {
  std::vector<DimensionEnds> dimensions;  ///< those that vary most among the common words, the first most
  std::vector<PropertyProbe> properties;
};
/// A property is probed if it has two classes or more, each of five words with vectors or more. Errors: vectors of more
/// than 4096 numbers; those of probe_classes.
DimensionReport dimension_report(const WordSpace& space, const std::vector<WordProperty>& properties,
                                 const DimensionOptions& options);

}  // namespace heddle
