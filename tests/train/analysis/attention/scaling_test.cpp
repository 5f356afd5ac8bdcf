#include "train/analysis/attention/scaling.h"

#include <catch2/catch.hpp>
#include <cmath>

namespace heddle {

TEST_CASE("the softmax's entropy and the norm of its Jacobian are those of their definitions") {
  const std::vector<double> scores = {0.3, -1.2, 2.5, 0};
  for (const double scale : {0.1, 1.0, 3.0}) {
    std::vector<double> weights;
    double total = 0, entropy = 0, norm = 0;
    for (const double score : scores) total += std::exp(scale * score);
    for (const double score : scores) weights.push_back(std::exp(scale * score) / total);
    for (std::size_t i = 0; i < 4; ++i) {
      entropy -= weights[i] * std::log(weights[i]);
      for (std::size_t j = 0; j < 4; ++j) {
        const double slope = (i == j ? weights[i] : 0) - weights[i] * weights[j];
        norm += slope * slope;
      }
    }
    const Softness found = softness(scores, scale);
    CHECK(found.entropy == Approx(entropy));
    CHECK(found.gradient == Approx(std::sqrt(norm)));
  }
  const std::vector<double> alike(8, 3.0), one = {0, 1000};
  CHECK(softness(alike, 1).entropy == Approx(std::log(8.0)));
  CHECK(softness(one, 1).entropy == Approx(0).margin(1e-12));
  CHECK(softness(one, 1).gradient == Approx(0).margin(1e-12));
}

TEST_CASE("scores of random vectors have the variance of their dimension, and scaled ones keep their softmax soft") {
  double before = 10;
  for (const index_t dims : {16, 64, 256}) {
    const ScalingLaw law = scaling_law(dims, 256, 64, Rng(3));
    CHECK(law.variance == Approx(static_cast<double>(dims)).epsilon(0.1));
    CHECK(law.unscaled.entropy < before);  // it falls with the dimension
    before = law.unscaled.entropy;
    // a softmax of 64 scores of variance 1 has an entropy of ln 64 - 1/2, to the order of 1 / 64
    CHECK(law.scaled.entropy == Approx(std::log(64.0) - 0.5).margin(0.06));
    CHECK(law.scaled.gradient > 0);
  }
  CHECK(scaling_law(256, 64, 64, Rng(3)).unscaled.entropy < 0.6);
  CHECK(scaling_law(64, 32, 16, Rng(1)).variance != scaling_law(64, 32, 16, Rng(2)).variance);
}

TEST_CASE("a layer's scaling is that of its queries' scores, of which those that see one key do not count") {
  HeadView head;
  head.queries = Tensor::from({2, 0, 0, 0, 1, 0, 0, 0}, {2, 4});
  head.keys = Tensor::from({1, 0, 0, 0, 4, 0, 0, 0}, {2, 4});
  head.values = Tensor::zeros({2, 4});
  head.weights = Tensor::from({1, 0, 0.5, 0.5}, {2, 2});  // causal
  head.sums = Tensor::zeros({2, 4});
  head.projection = Tensor::zeros({1, 4});
  head.scale = 0.5;
  const LayerScaling layer = layer_scaling("blocks/0/attention", {head, head});
  CHECK(layer.dims == 4);
  CHECK(layer.scale == 0.5);
  CHECK(layer.variance == Approx(2.25));  // of 1 and 4
  const std::vector<double> scores = {1, 4};
  CHECK(layer.unscaled.entropy == Approx(softness(scores, 1).entropy));
  CHECK(layer.scaled.gradient == Approx(softness(scores, 0.5).gradient));
  head.weights = Tensor::from({1, 0, 0, 1}, {2, 2});
  CHECK_THROWS_WITH(layer_scaling("x", {head}), Catch::Contains("no query of x sees two keys"));
}

}  // namespace heddle
