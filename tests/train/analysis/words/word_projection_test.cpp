#include "train/analysis/words/word_projection.h"

#include <catch2/catch.hpp>

#include "tests/train/analysis/words/guide_words.h"

namespace heddle {
namespace {

Tensor scattered(index_t count) {
  Tensor x({count, 3});
  for (index_t i = 0; i < x.numel(); ++i)
    x.mutable_data()[i] = static_cast<real>(Rng(1).normal(static_cast<std::uint64_t>(i)));
  return x;
}

}  // namespace

TEST_CASE("PCA of a plane keeps every neighbourhood, and its axes hold all of the variance") {
  const Projection found = project(guide_words().vectors, ProjectionMethod::pca, {}, 10);
  CHECK(found.plane.shape() == Shape{4, 2});
  REQUIRE(found.shares.size() == 2);
  CHECK(found.shares[0] + found.shares[1] == Approx(1));
  CHECK(found.neighbours == 1);  // 10 are too many for 4 points
  CHECK(found.quality.trustworthiness == Approx(1));
  CHECK(found.quality.preserved == Approx(1));
}

TEST_CASE("t-SNE of few points takes the highest perplexity that they allow, of enough the one that is asked for") {
  TsneConfig config;
  config.iterations = 20;
  config.perplexity = 10;
  CHECK(project(scattered(25), ProjectionMethod::tsne, config, 5).perplexity == 8);
  CHECK(project(scattered(31), ProjectionMethod::tsne, config, 5).perplexity == 10);
  CHECK(project(scattered(40), ProjectionMethod::tsne, config, 5).perplexity == 10);
  CHECK(project(scattered(4), ProjectionMethod::tsne, config, 5).perplexity == 1);
  CHECK(project(scattered(40), ProjectionMethod::tsne, config, 5).neighbours == 5);
  CHECK(project(scattered(7), ProjectionMethod::tsne, config, 5).neighbours == 3);
}

TEST_CASE("a projection wants three points, and t-SNE four") {
  CHECK_NOTHROW(project(scattered(3), ProjectionMethod::pca, {}, 5));
  CHECK_THROWS_WITH(project(scattered(2), ProjectionMethod::pca, {}, 5), Catch::Contains("3 or more"));
  CHECK_THROWS_WITH(project(scattered(3), ProjectionMethod::tsne, {}, 5), Catch::Contains("4 or more"));
}

TEST_CASE("the picture of a projection shows each word at its place, in its group") {
  const WordSpace space(guide_words());
  const WordGroups words{{{1, 3, 2}}, {0, 1, 1}, {"royal", "common"}};
  Projection projection = project(space.directions(words.rows), ProjectionMethod::pca, {}, 1);
  const Scatter picture = projection_picture(space, words, projection);
  CHECK(picture.title == "3 words by PCA");
  CHECK_THAT(picture.across, Catch::StartsWith("first principal component: "));
  CHECK_THAT(picture.up, Catch::StartsWith("second principal component: "));
  CHECK(picture.groups == words.names);
  REQUIRE(picture.points.size() == 3);
  CHECK(picture.points[0].label == "queen");
  CHECK(picture.points[2].label == "man");
  CHECK(picture.points[2].group == 1);
  CHECK(picture.points[2].x == projection.plane.data()[4]);
  CHECK(picture.points[2].y == projection.plane.data()[5]);
}

}  // namespace heddle
