#include "train/analysis/words/word_axes.h"

#include <algorithm>

#include "data/io/utf8.h"

namespace heddle {
namespace {

/// The `count` words that lie farthest along the axis, or, with sign -1, the other way.
std::vector<RatedWord> end_of(const WordSpace& space, std::span<const real> places, index_t count, real sign) {
  std::vector<real> scores(places.begin(), places.end());
  for (real& score : scores) score *= sign;
  std::vector<ScoredWord> found = best_words(scores, count, {});
  for (ScoredWord& f : found) f.score *= sign;
  return rated(space, found);
}

}  // namespace

std::string WordAxis::name() const { return visible(pairs[0].from) + " to " + visible(pairs[0].to); }

WordAxis word_axis(const WordSpace& space, const Tensor& vectors, const std::vector<WordPair>& pairs, index_t count,
                   index_t common) {
  const index_t width = space.dimensions();
  WordAxis found;
  Tensor from({std::ssize(pairs), width}), to(from.shape());
  for (index_t i = 0; i < from.size(0); ++i) {
    const WordPair& pair = pairs[static_cast<std::size_t>(i)];
    const index_t a = space.find(pair.from), b = space.find(pair.to);
    found.pairs.push_back({space.word(a), space.word(b)});
    std::copy_n(vectors.data() + a * width, width, from.mutable_data() + i * width);
    std::copy_n(vectors.data() + b * width, width, to.mutable_data() + i * width);
  }
  found.axis = shared_axis(from, to);
  for (index_t row = 0; row < space.size(); ++row)
    found.places.push_back(dot_in_order(vectors.data() + row * width, found.axis.direction.data(), width));
  const auto first = std::span(found.places).first(static_cast<std::size_t>(std::min(common, space.answers())));
  found.low = end_of(space, first, count, -1);
  found.high = end_of(space, first, count, 1);
  return found;
}

double cosine_of(const Axis& a, const Axis& b) {
  double cosine = 0;
  for (index_t d = 0; d < a.direction.numel(); ++d)
    cosine += static_cast<double>(a.direction.data()[d]) * b.direction.data()[d];
  return cosine;
}

Scatter axes_picture(const WordSpace& space, const WordAxis& across, const WordAxis& upward,
                     const std::vector<std::string>& words) {
  Scatter scatter;
  scatter.title = "words along two axes";
  scatter.across = across.name();
  scatter.up = upward.name();
  scatter.centred = true;
  std::vector<index_t> rows;
  for (const std::string& word : words) rows.push_back(space.find(word));
  for (const WordAxis* axis : {&across, &upward}) {
    for (const auto& [from, to] : axis->pairs) rows.insert(rows.end(), {space.row_of(from), space.row_of(to)});
  }
  std::sort(rows.begin(), rows.end());
  rows.erase(std::unique(rows.begin(), rows.end()), rows.end());
  for (const index_t row : rows) {
    const auto r = static_cast<std::size_t>(row);
    scatter.points.push_back({across.places[r], upward.places[r], space.word(row)});
  }
  const auto place_of = [&](const std::string& word) {
    return static_cast<std::size_t>(std::lower_bound(rows.begin(), rows.end(), space.row_of(word)) - rows.begin());
  };
  for (const WordAxis* axis : {&across, &upward}) {
    for (const auto& [from, to] : axis->pairs) scatter.arrows.emplace_back(place_of(from), place_of(to));
  }
  return scatter;
}

}  // namespace heddle
