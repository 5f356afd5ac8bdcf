#include <fmt/format.h>

#include <algorithm>
#include <iostream>
#include <map>

#include "data/text/kingdom.h"
#include "data/utf8.h"
#include "framework/gemm.h"
#include "train/analysis/geometry/linear_algebra.h"
#include "train/analysis/geometry/probe.h"
#include "train/analysis/words/word_space.h"
#include "train/commands/embed_command.h"
#include "train/commands/json.h"
#include "train/run/config.h"

namespace heddle {
namespace {

/// A property, and the rows and classes of its words that there are vectors of.
struct Labelled {
  std::string name;
  std::vector<index_t> rows;
  std::vector<int> classes;
  std::vector<std::string> class_names;
};

Labelled label(const WordSpace& space, const WordProperty& property) {
  Labelled labelled{property.name, {}, {}, {}};
  for (const auto& [word, name] : property.words) {
    const index_t row = space.row_of(word);
    if (row < 0 || std::find(labelled.rows.begin(), labelled.rows.end(), row) != labelled.rows.end()) continue;
    auto found = std::find(labelled.class_names.begin(), labelled.class_names.end(), name);
    if (found == labelled.class_names.end()) found = labelled.class_names.insert(found, name);
    labelled.rows.push_back(row);
    labelled.classes.push_back(static_cast<int>(found - labelled.class_names.begin()));
  }
  return labelled;
}

/// Whether each class has enough words for a probe.
bool probed(const Labelled& labelled) {
  std::map<int, int> sizes;
  for (const int c : labelled.classes) ++sizes[c];
  return sizes.size() >= 2 && std::all_of(sizes.begin(), sizes.end(), [](const auto& s) { return s.second >= 5; });
}

}  // namespace

int embed_dimensions(const std::vector<std::string>& arguments) {
  VectorOptions vectors;
  std::int64_t count = 5, common = 5000, shown = 10, seed = 1;
  bool json = false;
  CommandLine line;
  line.usage = "embed dimensions RUN [options]";
  line.summary =
      "What single dimensions of word vectors tell: the words at both ends of those that vary most, and how well a\n"
      "linear probe reads part of speech, number, tense and gender of common English words from one dimension, and "
      "from\n"
      "all. After a random rotation, which changes no cosine, the single ones tell something else.";
  line.options = vectors.keys();
  line.options.insert(line.options.begin(),
                      {{"dimensions", shown, "dimensions to show", 0, 100000},
                       {"count", count, "words to show at either end of one", 1, 1000},
                       {"common", common, "look for them among so many words, the most frequent", 1},
                       {"seed", seed, "decides the rotation and how words are dealt out to the probes", 0},
                       {"json", json, "print JSON"}});
  if (!line.parse(arguments)) {
    std::cout << line.help();
    return 0;
  }
  const WordSpace space(load_word_vectors(line.positional[0], vectors));
  const index_t width = space.dimensions(), words = std::min(common, space.size());
  constexpr index_t kMost = 4096;  // a rotation takes their square of memory and their cube of time
  ensure(width <= kMost, "embed dimensions: vectors of ", width, " numbers are too long to be turned; at most ", kMost);
  nlohmann::json out = {{"dimensions", nlohmann::json::array()}, {"probes", nlohmann::json::array()}};

  std::vector<std::pair<double, index_t>> variances;
  for (index_t d = 0; d < width; ++d) {
    double sum = 0, squares = 0;
    for (index_t w = 0; w < words; ++w) {
      const double value = space.direction(w)[d];
      sum += value;
      squares += value * value;
    }
    variances.emplace_back((sum * sum / static_cast<double>(words) - squares) / static_cast<double>(words), d);
  }
  std::sort(variances.begin(), variances.end());
  if (!json && shown > 0) std::cout << "dimension  the words at its two ends\n";
  for (index_t i = 0; i < std::min(shown, width); ++i) {
    const index_t d = variances[static_cast<std::size_t>(i)].second;
    std::vector<real> values(static_cast<std::size_t>(words)), negative(values.size());
    for (index_t w = 0; w < words; ++w) {
      values[static_cast<std::size_t>(w)] = space.direction(w)[d];
      negative[static_cast<std::size_t>(w)] = -space.direction(w)[d];
    }
    std::vector<std::string> low, high;
    for (const ScoredWord& f : best_words(negative, count, {}))
      low.push_back(json ? space.word(f.row) : visible(space.word(f.row)));
    for (const ScoredWord& f : best_words(values, count, {}))
      high.push_back(json ? space.word(f.row) : visible(space.word(f.row)));
    out["dimensions"].push_back({{"dimension", d}, {"low", low}, {"high", high}});
    if (!json) std::cout << fmt::format("{:>9}  {} ... {}\n", d, fmt::join(low, " "), fmt::join(high, " "));
  }

  Tensor rotation;
  if (!json)
    std::cout << "\nshare of words that a linear probe, fitted to other words, tells right\n"
                 "property         words  most frequent   one dimension     all   one, after a rotation\n";
  for (const WordProperty& property : kingdom_properties()) {
    const Labelled labelled = label(space, property);
    if (!probed(labelled)) {
      if (!json) std::cout << fmt::format("{:<16} too few of its words have vectors\n", property.name);
      continue;
    }
    if (!rotation.defined()) rotation = random_rotation(width, Rng(static_cast<std::uint64_t>(seed)).fork(0));
    Tensor x({std::ssize(labelled.rows), width}), rotated(x.shape());
    for (index_t i = 0; i < x.size(0); ++i)
      std::copy_n(space.direction(labelled.rows[static_cast<std::size_t>(i)]), width, x.data() + i * width);
    gemm(x.size(0), width, width, {{x.data(), width}}, {{rotation.data(), width}}, {rotated.data(), width});
    const Rng deal = Rng(static_cast<std::uint64_t>(seed)).fork(1);
    const Probe as_is = probe_classes(x, labelled.classes, deal),
                turned = probe_classes(rotated, labelled.classes, deal);
    out["probes"].push_back({{"property", property.name},
                             {"words", labelled.rows.size()},
                             {"classes", labelled.class_names},
                             {"majority", as_is.majority},
                             {"dimension", as_is.dimension},
                             {"one", as_is.one},
                             {"all", as_is.all},
                             {"one_rotated", turned.one},
                             {"all_rotated", turned.all}});
    if (!json)
      std::cout << fmt::format("{:<16} {:>5} {:>12.0f} % {:>8.0f} % ({:>3}) {:>5.0f} % {:>20.0f} %\n", property.name,
                               labelled.rows.size(), 100 * as_is.majority, 100 * as_is.one, as_is.dimension,
                               100 * as_is.all, 100 * turned.one);
  }
  if (json) {
    print_json(out);
  } else {
    std::cout << "\nA rotation changes no distance and no angle, but moves what single dimensions tell. Only what all "
                 "of them\n"
                 "tell together belongs to the words.\n";
  }
  return 0;
}

}  // namespace heddle
