#include "train/analysis/words/word_projection.h"

#include <fmt/format.h>

#include <algorithm>

#include "train/analysis/geometry/linear_algebra.h"

namespace heddle {

Projection project(const Tensor& x, ProjectionMethod method, TsneConfig config, index_t neighbours,
                   const TsneProgress& progress) {
  const index_t count = x.size(0);
  ensure(count >= 3, "projection: ", count, " words have vectors; give 3 or more, and for t-SNE 4");
  ensure(count >= 4 || method == ProjectionMethod::pca, "projection: ", count,
         " words have vectors; t-SNE wants 4 or more, PCA 3");
  Projection found{method, {}, {}, 0, std::max<index_t>(1, std::min(neighbours, (count - 1) / 2)), {}};
  if (method == ProjectionMethod::pca) {
    PCA components = pca(x, 2);
    found.plane = components.points;
    found.shares = std::move(components.shares);
  } else {
    config.perplexity = std::min(config.perplexity, static_cast<double>(count - 1) / 3);
    found.perplexity = config.perplexity;
    found.plane = tsne(x, config, progress);
  }
  found.quality = projection_quality(x, found.plane, found.neighbours);
  return found;
}

Scatter projection_picture(const WordSpace& space, const WordGroups& words, const Projection& projection) {
  Scatter scatter;
  scatter.title =
      fmt::format("{} words by {}", words.size(), projection.method == ProjectionMethod::pca ? "PCA" : "t-SNE");
  scatter.groups = words.names;
  if (projection.method == ProjectionMethod::pca) {
    scatter.across = fmt::format("first principal component: {:.1f} % of the variance", 100 * projection.shares[0]);
    scatter.up = fmt::format("second principal component: {:.1f} %", 100 * projection.shares[1]);
  }
  const real* at = projection.plane.data();
  for (std::size_t i = 0; i < words.rows.size(); ++i, at += 2)
    scatter.points.push_back({at[0], at[1], space.word(words.rows[i]), words.groups[i]});
  return scatter;
}

}  // namespace heddle
