#include "train/analysis/attention/scaling.h"

#include <cmath>
#include <numeric>

#include "framework/ops.h"

namespace heddle {
namespace {

double mean_of(std::span<const double> values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

/// Means over what was added.
class SoftnessMean {
 public:
  void add(const Softness& one) {
    sum_.entropy += one.entropy;
    sum_.gradient += one.gradient;
    ++count_;
  }
  Softness mean() const { return {sum_.entropy / count_, sum_.gradient / count_}; }

 private:
  Softness sum_;
  double count_ = 0;
};

}  // namespace

Softness softness(std::span<const double> scores, double scale) {
  std::vector<index_t> places(scores.size());
  double squares = 0, cubes = 0;
  Softness found;
  for (const SeenKey& key : weigh({scores.begin(), scores.end()}, places, scale)) {
    if (key.weight > 0) found.entropy -= key.weight * std::log(key.weight);
    squares += key.weight * key.weight;
    cubes += key.weight * key.weight * key.weight;
  }
  // ||diag(w) - w w^T||^2 = sum w^2 - 2 sum w^3 + (sum w^2)^2
  found.gradient = std::sqrt(std::max(0.0, squares - 2 * cubes + squares * squares));
  return found;
}

ScalingLaw scaling_law(index_t dims, index_t queries, index_t keys, const Rng& rng) {
  const Tensor products =
      matmul(Tensor::normal({queries, dims}, rng.fork(0)), Tensor::normal({keys, dims}, rng.fork(1)), false, true);
  SoftnessMean unscaled, scaled;
  double squares = 0;
  for (index_t i = 0; i < queries; ++i) {
    const std::vector<double> scores(products.data() + i * keys, products.data() + (i + 1) * keys);
    squares += std::inner_product(scores.begin(), scores.end(), scores.begin(), 0.0);
    unscaled.add(softness(scores, 1));
    scaled.add(softness(scores, 1 / std::sqrt(static_cast<double>(dims))));
  }
  return {dims, squares / static_cast<double>(queries * keys), unscaled.mean(), scaled.mean()};
}

LayerScaling layer_scaling(const std::string& attention, const std::vector<HeadView>& heads) {
  const index_t dims = heads[0].queries.size(1);
  SoftnessMean unscaled, scaled;
  double squares = 0, count = 0;
  for (const HeadView& head : heads) {
    for (index_t place = 0; place < head.queries.size(0); ++place) {
      std::vector<double> scores;
      for (const SeenKey& key : attention_steps(head, place).seen) scores.push_back(key.score);
      if (scores.size() < 2) continue;
      const double mean = mean_of(scores);
      for (const double score : scores) squares += (score - mean) * (score - mean);
      count += static_cast<double>(scores.size());
      unscaled.add(softness(scores, 1));
      scaled.add(softness(scores, 1 / std::sqrt(static_cast<double>(dims))));
    }
  }
  ensure(count > 0, "inspect: no query of ", attention, " sees two keys; give a longer text");
  return {attention, dims, squares / count, heads[0].scale, unscaled.mean(), scaled.mean()};
}

}  // namespace heddle
