#pragma once

#include <vector>

#include "framework/names.h"
#include "train/analysis/geometry/projection_quality.h"
#include "train/analysis/geometry/scatter.h"
#include "train/analysis/geometry/tsne.h"
#include "train/analysis/words/word_groups.h"

namespace heddle {

enum class ProjectionMethod { tsne, pca };
constexpr auto names_of(ProjectionMethod) {
  return std::array{Named{ProjectionMethod::tsne, "tsne"}, Named{ProjectionMethod::pca, "pca"}};
}

/// Points in the plane, and how well it shows what lies near in the space.
struct Projection {
  ProjectionMethod method;
  Tensor plane;                ///< [N, 2]
  std::vector<double> shares;  ///< of PCA: what each axis holds of the variance
  double perplexity = 0;       ///< of t-SNE: the one that was used
  index_t neighbours = 0;      ///< that `quality` is judged by
  ProjectionQuality quality;
};
/// Of x [N, D]. t-SNE's perplexity is lowered where N - 1 points are not three times as many. Quality is judged by the
/// `neighbours` nearest, fewer where N is small. Errors: fewer than 3 points; those of pca and tsne.
Projection project(const Tensor& x, ProjectionMethod method, TsneConfig config, index_t neighbours,
                   const TsneProgress& progress = {});

/// The picture of a projection of some words.
Scatter projection_picture(const WordSpace& space, const WordGroups& words, const Projection& projection);

}  // namespace heddle
