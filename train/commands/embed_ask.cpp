#include <fmt/format.h>

#include <cmath>
#include <iostream>
#include <optional>

#include "data/file.h"
#include "data/utf8.h"
#include "train/analysis/geometry/axes.h"
#include "train/analysis/geometry/scatter.h"
#include "train/analysis/words/word_expression.h"
#include "train/analysis/words/word_space.h"
#include "train/commands/commands.h"
#include "train/commands/embed_command.h"
#include "train/commands/json.h"
#include "train/run/config.h"

namespace heddle {
namespace {

nlohmann::json as_json(const WordSpace& space, const std::vector<ScoredWord>& found) {
  nlohmann::json rows = nlohmann::json::array();
  for (const ScoredWord& f : found) rows.push_back({{"word", space.word(f.row)}, {"score", f.score}});
  return rows;
}

void print(const WordSpace& space, const std::vector<ScoredWord>& found) {
  for (const ScoredWord& f : found) std::cout << fmt::format("  {:.3f}  {}\n", f.score, visible(space.word(f.row)));
}

/// "man:woman" as rows of the space. Errors (usage): no colon; a word that is not there.
std::pair<index_t, index_t> pair_of(const WordSpace& space, const std::string& text) {
  const std::size_t colon = text.find(':', 1);
  if (colon == std::string::npos || colon + 1 == text.size())
    throw UsageError("embed axes: '" + text + "': wants two words with a colon between, as man:woman");
  return {space.find(text.substr(0, colon)), space.find(text.substr(colon + 1))};
}

/// An axis, its pairs and the place of every word along it.
struct NamedAxis {
  std::vector<std::pair<index_t, index_t>> pairs;
  std::string name;  ///< of the first pair
  Axis axis;
  std::vector<real> places;
};

/// `vectors`: of the space's words, in their own lengths.
NamedAxis axis_of(const WordSpace& space, const Tensor& vectors, const std::vector<std::string>& pairs) {
  NamedAxis named;
  for (const std::string& text : pairs) named.pairs.push_back(pair_of(space, text));
  const index_t count = std::ssize(named.pairs), width = space.dimensions();
  Tensor from({count, width}), to(from.shape());
  for (index_t i = 0; i < count; ++i) {
    const auto& [a, b] = named.pairs[static_cast<std::size_t>(i)];
    std::copy_n(vectors.data() + a * width, width, from.data() + i * width);
    std::copy_n(vectors.data() + b * width, width, to.data() + i * width);
  }
  named.axis = shared_axis(from, to);
  named.name = visible(space.word(named.pairs[0].first)) + " to " + visible(space.word(named.pairs[0].second));
  for (index_t row = 0; row < space.size(); ++row)
    named.places.push_back(dot_in_order(vectors.data() + row * width, named.axis.direction.data(), width));
  return named;
}

std::vector<ScoredWord> end_of(const NamedAxis& axis, index_t count, index_t limit, real sign) {
  std::vector<real> scores(axis.places.begin(), axis.places.begin() + std::min(limit, std::ssize(axis.places)));
  for (real& score : scores) score *= sign;
  std::vector<ScoredWord> found = best_words(scores, count, {});
  for (ScoredWord& f : found) f.score *= sign;
  return found;
}

void print(const WordSpace& space, const NamedAxis& named, index_t count, index_t limit) {
  const Axis& axis = named.axis;
  std::cout << fmt::format("axis from {}", named.name);
  if (!axis.agreements.empty())
    std::cout << fmt::format(
        ": its {} pairs agree by {:.3f} (mean cosine of a pair with the others; mixed pairs {:.3f})",
        axis.agreements.size(), axis.agreement, axis.chance);
  std::cout << '\n';
  for (std::size_t i = 0; i < axis.agreements.size(); ++i) {
    std::cout << fmt::format("  {:6.3f}  {} - {}\n", axis.agreements[i], visible(space.word(named.pairs[i].first)),
                             visible(space.word(named.pairs[i].second)));
  }
  const auto low = end_of(named, count, limit, -1), high = end_of(named, count, limit, 1);
  std::cout << "farthest along it, either way:\n";
  for (std::size_t i = 0; i < low.size(); ++i) {
    std::cout << fmt::format("  {:6.3f}  {:<20}  {:6.3f}  {}\n", low[i].score, visible(space.word(low[i].row)),
                             high[i].score, visible(space.word(high[i].row)));
  }
}

nlohmann::json as_json(const WordSpace& space, const NamedAxis& named, index_t count, index_t limit) {
  nlohmann::json out = {{"agreements", named.axis.agreements},
                        {"agreement", named.axis.agreement},
                        {"chance", named.axis.chance},
                        {"low", as_json(space, end_of(named, count, limit, -1))},
                        {"high", as_json(space, end_of(named, count, limit, 1))}};
  return out;
}

/// The words of all pairs, and `rows`, along both axes.
Scatter picture_of(const WordSpace& space, const NamedAxis& across, const NamedAxis& upward,
                   std::vector<index_t> rows) {
  Scatter scatter;
  scatter.title = "words along two axes";
  scatter.across = across.name;
  scatter.up = upward.name;
  scatter.centred = true;
  for (const NamedAxis* axis : {&across, &upward}) {
    for (const auto& [from, to] : axis->pairs) rows.insert(rows.end(), {from, to});
  }
  std::sort(rows.begin(), rows.end());
  rows.erase(std::unique(rows.begin(), rows.end()), rows.end());
  for (const index_t row : rows) {
    const auto r = static_cast<std::size_t>(row);
    scatter.points.push_back({across.places[r], upward.places[r], space.word(row)});
  }
  return scatter;
}

}  // namespace

int embed_neighbors(const std::vector<std::string>& arguments) {
  VectorOptions vectors;
  std::int64_t count = 10;
  bool json = false;
  CommandLine line;
  line.usage = "embed neighbors RUN WORD... [options]";
  line.summary = "The words whose vectors make the smallest angles with a word's. RUN: a run, a checkpoint or vectors.";
  line.options = vectors.keys();
  line.options.insert(line.options.begin(), {{"count", count, "how many", 1, 1000000}, {"json", json, "print JSON"}});
  line.words = 2;
  line.more_words = 1000;
  if (!line.parse(arguments)) {
    std::cout << line.help();
    return 0;
  }
  const std::vector<std::string> words(line.positional.begin() + 1, line.positional.end());
  const LoadedVectors loaded = load_word_vectors(line.positional[0], vectors, words);
  const WordSpace space(loaded);
  nlohmann::json out;
  for (const std::string& word : words) {
    const index_t row = space.find(word);
    ensure(space.has_direction(row), "the vector of '", visible(space.word(row)),
           "' is zero, or too small to be told from it, so no word is near it");
    const auto query = std::span(space.direction(row), static_cast<std::size_t>(space.dimensions()));
    std::vector<index_t> excluded = loaded.made;
    excluded.push_back(row);
    const auto found = space.neighbors(query, count, excluded);
    out[space.word(row)] = as_json(space, found);
    if (json) continue;
    std::cout << visible(space.word(row)) << '\n';
    print(space, found);
  }
  if (json) print_json(out);
  return 0;
}

int embed_analogy(const std::vector<std::string>& arguments) {
  VectorOptions vectors;
  std::int64_t count = 10;
  bool json = false;
  std::string method = "add";
  CommandLine line;
  line.usage = "embed analogy RUN king - man + woman [options]";
  line.summary =
      "The words nearest to a sum of words' directions, without those of the sum. Any number of words with + or -.";
  line.options = vectors.keys();
  line.options.insert(
      line.options.begin(),
      {{"count", count, "how many", 1, 1000000},
       {"method", method, "add: cosine with the sum; mul: product of cosines (3CosMul)", {"add", "mul"}},
       {"json", json, "print JSON"}});
  line.words = 2;
  line.more_words = 1000;
  if (!line.parse(arguments)) {
    std::cout << line.help();
    return 0;
  }
  const std::vector<Term> terms = parse_expression({line.positional.begin() + 1, line.positional.end()});
  std::vector<std::string> words;
  for (const Term& term : terms) words.push_back(term.word);
  const WordSpace space(load_word_vectors(line.positional[0], vectors, words));
  const auto found = solve(space, terms, method == "add" ? AnalogyMethod::add : AnalogyMethod::mul, count);
  if (json) {
    print_json(as_json(space, found));
  } else {
    print(space, found);
  }
  return 0;
}

int embed_axes(const std::vector<std::string>& arguments) {
  VectorOptions vectors;
  std::int64_t count = 10, common = 5000;
  bool json = false;
  std::vector<std::string> up, words;
  std::string output;
  CommandLine line;
  line.usage = "embed axes RUN FROM:TO... [options]";
  line.summary =
      "The direction that pairs of words share, such as man:woman boy:girl: how well the pairs agree on it, and which\n"
      "words lie farthest along it. With --up FROM:TO... there is a second one, and a picture of both.";
  line.options = vectors.keys();
  line.options.insert(line.options.begin(),
                      {{"count", count, "words to show at either end", 1, 1000000},
                       {"common", common, "look for them among so many words, the most frequent", 1},
                       {"up", up, "pairs of a second axis, which the picture shows upwards"},
                       {"words", words, "words in the picture beside those of the pairs"},
                       {"output", output, "where the picture is written (.svg)"},
                       {"json", json, "print JSON"}});
  line.words = 2;
  line.more_words = 1000;
  if (!line.parse(arguments)) {
    std::cout << line.help();
    return 0;
  }
  if (up.empty() && !(output.empty() && words.empty()))
    throw UsageError("embed axes: a picture wants two axes; give pairs of the second with --up FROM:TO...");
  if (!output.empty()) check_output("embed axes", output, {".svg"});
  const WordVectors loaded = load_word_vectors(line.positional[0], vectors);
  const WordSpace space(loaded);
  const NamedAxis across = axis_of(space, loaded.vectors, {line.positional.begin() + 1, line.positional.end()});
  std::optional<NamedAxis> upward;
  if (!up.empty()) upward = axis_of(space, loaded.vectors, up);
  std::vector<index_t> rows;
  for (const std::string& word : words) rows.push_back(space.find(word));

  nlohmann::json out = {{"across", as_json(space, across, count, common)}};
  if (!json) print(space, across, count, common);
  if (upward) {
    double cosine = 0;
    for (index_t d = 0; d < space.dimensions(); ++d)
      cosine += static_cast<double>(across.axis.direction.data()[d]) * upward->axis.direction.data()[d];
    out["up"] = as_json(space, *upward, count, common);
    out["cosine"] = cosine;
    if (!json) {
      print(space, *upward, count, common);
      std::cout << fmt::format("cosine of the two axes: {:.3f}\n", cosine);
    }
    if (!output.empty()) write_file(output, svg(picture_of(space, across, *upward, std::move(rows))));
  }
  if (json) print_json(out);
  return 0;
}

}  // namespace heddle
