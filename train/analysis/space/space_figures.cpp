#include "train/analysis/space/space_figures.h"

#include <algorithm>

#include "framework/ops.h"
#include "train/analysis/geometry/random_order.h"
#include "train/analysis/space/cloud.h"
#include "train/analysis/space/neighbourhoods.h"
#include "train/analysis/space/static_share.h"

namespace heddle {
namespace {

/// Up to kSample rows by chance, in their order.
Tensor sampled_rows(const Tensor& x, const Rng& rng) {
  if (x.size(0) <= kSample) return x;
  std::vector<std::int32_t> rows;
  for (const std::size_t row : random_order(static_cast<std::size_t>(x.size(0)), rng))
    rows.push_back(static_cast<std::int32_t>(row));
  rows.resize(kSample);
  std::sort(rows.begin(), rows.end());
  return embedding(IdTensor(rows, {kSample}), x.detach());
}

}  // namespace

SpaceFigures space_figures(const std::string& space, const Tensor& x, std::span<const std::int32_t> ids,
                           const Rng& rng) {
  check_points(("geometry of " + space).c_str(), x);
  SpaceFigures figures;
  figures.cosine = mean_cosine(x);
  const index_t dropped = std::min(kDominant, x.size(1) - 1);
  figures.cosine_without = mean_cosine(without_dimensions(x, dominant_dimensions(x, dropped)));
  figures.participation = participation_ratio(x);
  const Norms lengths = norms(x);
  figures.norm = lengths.mean;
  figures.norm_deviation = lengths.deviation;
  const Tensor sample = sampled_rows(x, rng.fork(0)), points = distinct_rows(sample);
  figures.equal = static_cast<double>(sample.size(0) - points.size(0));
  if (points.size(0) >= kLeastPoints) {
    const Neighbours neighbours = nearest_neighbours(points, kNeighbours);
    figures.dimension = two_nn(neighbours);
    figures.hubness = hubness(neighbours);
  }
  if (!ids.empty()) {
    const StaticShare share = static_share(x, ids, rng.fork(1));
    figures.static_share = share.share;
    figures.static_chance = share.chance;
  }
  return figures;
}

SpaceFigures mean_figures(const std::vector<SpaceFigures>& all) {
  SpaceFigures mean;
  for (const SpaceFigureText& figure : kSpaceFigures) {
    double sum = 0;
    for (const SpaceFigures& one : all) sum += one.*figure.value;
    mean.*figure.value = sum / static_cast<double>(all.size());
  }
  return mean;
}

}  // namespace heddle
