#include "train/analysis/words/dimensions.h"

#include <algorithm>

#include "framework/gemm.h"
#include "train/analysis/geometry/linear_algebra.h"

namespace heddle {

std::vector<Key> DimensionOptions::keys() {
  return {{"dimensions", shown, "dimensions to show", 0, 100000},
          {"count", count, "words to show at either end of one", 1, 1000},
          {"common", common, "look for them among so many words, the most frequent", 1},
          {"seed", seed, "decides the rotation and how words are dealt out to the probes", 0}};
}

namespace {

/// The dimensions of the first `words` directions, by variance, the highest first.
std::vector<index_t> by_variance(const WordSpace& space, index_t words) {
  std::vector<std::pair<double, index_t>> negated;
  for (index_t d = 0; d < space.dimensions(); ++d) {
    double sum = 0, squares = 0;
    for (index_t w = 0; w < words; ++w) {
      const double value = space.direction(w)[d];
      sum += value;
      squares += value * value;
    }
    negated.emplace_back((sum * sum / static_cast<double>(words) - squares) / static_cast<double>(words), d);
  }
  std::sort(negated.begin(), negated.end());
  std::vector<index_t> order;
  for (const auto& [variance, d] : negated) order.push_back(d);
  return order;
}

DimensionEnds ends_of(const WordSpace& space, index_t dimension, index_t words, index_t count) {
  std::vector<real> values(static_cast<std::size_t>(words)), negative(values.size());
  for (index_t w = 0; w < words; ++w) {
    values[static_cast<std::size_t>(w)] = space.direction(w)[dimension];
    negative[static_cast<std::size_t>(w)] = -space.direction(w)[dimension];
  }
  DimensionEnds ends{dimension, {}, {}};
  for (const ScoredWord& f : best_words(negative, count, {})) ends.low.push_back(space.word(f.row));
  for (const ScoredWord& f : best_words(values, count, {})) ends.high.push_back(space.word(f.row));
  return ends;
}

/// A property's words that there are vectors of.
struct Labelled {
  std::vector<index_t> rows;
  std::vector<int> classes;
  std::vector<std::string> names;  ///< of the classes

  /// Whether each class has enough words for a probe.
  bool enough() const {
    std::vector<int> sizes(names.size());
    for (const int c : classes) ++sizes[static_cast<std::size_t>(c)];
    return sizes.size() >= 2 && std::all_of(sizes.begin(), sizes.end(), [](int size) { return size >= 5; });
  }
};

Labelled label(const WordSpace& space, const WordProperty& property) {
  Labelled labelled;
  for (const auto& [word, name] : property.words) {
    const index_t row = space.row_of(word);
    if (row < 0 || std::find(labelled.rows.begin(), labelled.rows.end(), row) != labelled.rows.end()) continue;
    auto found = std::find(labelled.names.begin(), labelled.names.end(), name);
    if (found == labelled.names.end()) found = labelled.names.insert(found, name);
    labelled.rows.push_back(row);
    labelled.classes.push_back(static_cast<int>(found - labelled.names.begin()));
  }
  return labelled;
}

}  // namespace

DimensionReport dimension_report(const WordSpace& space, const std::vector<WordProperty>& properties,
                                 const DimensionOptions& options) {
  const index_t width = space.dimensions(), words = std::min(options.common, space.size());
  constexpr index_t kMost = 4096;  // a rotation takes their square of memory and their cube of time
  ensure(width <= kMost, "dimensions: vectors of ", width, " numbers are too long to be turned; at most ", kMost);
  DimensionReport report;
  std::vector<index_t> shown = by_variance(space, words);
  shown.resize(static_cast<std::size_t>(std::min(options.shown, width)));
  for (const index_t d : shown) report.dimensions.push_back(ends_of(space, d, words, options.count));

  const Rng rng(static_cast<std::uint64_t>(options.seed));
  Tensor rotation;
  for (const WordProperty& property : properties) {
    const Labelled labelled = label(space, property);
    PropertyProbe& found = report.properties.emplace_back();
    found.property = property.name;
    found.words = std::ssize(labelled.rows);
    found.classes = labelled.names;
    found.probed = labelled.enough();
    if (!found.probed) continue;
    if (!rotation.defined()) rotation = random_rotation(width, rng.fork(0));
    const Tensor x = space.directions(labelled.rows);
    Tensor rotated(x.shape());
    gemm(x.size(0), width, width, {{x.data(), width}}, {{rotation.data(), width}}, {rotated.mutable_data(), width});
    found.as_is = probe_classes(x, labelled.classes, rng.fork(1));
    found.rotated = probe_classes(rotated, labelled.classes, rng.fork(1));
  }
  return report;
}

}  // namespace heddle
