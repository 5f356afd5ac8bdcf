#include "train/analysis/geometry/tsne.h"

#include <array>
#include <cmath>
#include <cstdio>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "framework/rows.h"
#include "tests/real_data.h"
#include "tests/train/analysis/geometry/points.h"
#include "train/analysis/geometry/linear_algebra.h"
#include "train/analysis/geometry/projection_quality.h"

namespace heddle {
namespace {

Affinities affinities_of(const Tensor& x, index_t neighbours, double perplexity) {
  const Neighbours near = nearest_neighbours(x, neighbours);
  return joint_affinities(near, conditional_affinities(near, perplexity));
}

Plane normal_plane(index_t n, double spread) {
  Plane y(n);
  for (std::size_t i = 0; i < y.x.size(); ++i) {
    y.x[i] = static_cast<real>(spread * Rng(5).normal(2 * i));
    y.y[i] = static_cast<real>(spread * Rng(5).normal(2 * i + 1));
  }
  return y;
}

/// Sum of p log p / q in double, over all pairs, with p weighted as early iterations do.
double divergence_plainly(const Affinities& p, const Plane& y, double exaggeration = 1) {
  const auto q = [&](std::size_t i, std::size_t j) {
    return 1 / (1 + std::pow(double{y.x[i]} - y.x[j], 2) + std::pow(double{y.y[i]} - y.y[j], 2));
  };
  double z = 0, sum = 0;
  for (std::size_t i = 0; i < y.x.size(); ++i) {
    for (std::size_t j = 0; j < y.x.size(); ++j) z += i == j ? 0 : q(i, j);
  }
  for (std::size_t i = 0; i < y.x.size(); ++i) {
    for (auto e = static_cast<std::size_t>(p.begin[i]); e < static_cast<std::size_t>(p.begin[i + 1]); ++e)
      sum += p.values[e] * (std::log(p.values[e]) - exaggeration * std::log(q(i, static_cast<std::size_t>(p.ids[e]))));
  }
  return sum + std::log(z);
}

TsneConfig small_config() {
  TsneConfig config;
  config.perplexity = 10;
  return config;
}

/// Distance of two rows.
double between(const Tensor& y, index_t i, index_t j) { return std::sqrt(squared_distance(y, i, j)); }

/// Images of MNIST, each a row of 784 values in 0 .. 1.
Tensor mnist_images(const std::string& path, index_t count) {
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(popen(("gzip -dc '" + path + "'").c_str(), "r"), pclose);
  constexpr std::size_t kHeader = 16;
  std::vector<unsigned char> bytes(kHeader + static_cast<std::size_t>(count) * 784);
  REQUIRE(std::fread(bytes.data(), 1, bytes.size(), pipe.get()) == bytes.size());
  Tensor images({count, 784});
  for (std::size_t i = kHeader; i < bytes.size(); ++i)
    images.mutable_data()[i - kHeader] = static_cast<real>(bytes[i]) / 255;
  return images;
}

}  // namespace

TEST_CASE("t-SNE's gradient is the slope of the divergence, with cells as with pairs") {
  const Affinities p = affinities_of(Tensor::normal({40, 6}, Rng(1)), 12, 4);
  const double exaggeration = GENERATE(1.0, 12.0), spread = GENERATE(0.1, 3.0);
  const std::optional<double> theta = GENERATE(std::optional<double>(), std::optional(0.0));
  Plane y = normal_plane(40, spread), gradient(40);
  const double z = tsne_gradient(p, y, exaggeration, theta, gradient);
  CHECK(tsne_divergence(p, y, z) == Approx(divergence_plainly(p, y)).epsilon(1e-5));
  Affinities far = p;
  far.begin = {0, 2};
  far.ids = {1, 2};
  far.values = {0, 0.5};  // an affinity of 0 adds 0
  CHECK(tsne_divergence(far, y, z) ==
        Approx(0.5 *
               std::log(0.5 * z * (1 + std::pow(double{y.x[0]} - y.x[2], 2) + std::pow(double{y.y[0]} - y.y[2], 2)))));
  const auto slope = [&](real& coordinate) {
    const real kept = coordinate;
    const real low = coordinate = kept - 0.001F;
    const double below = divergence_plainly(p, y, exaggeration);
    const real high = coordinate = kept + 0.001F;
    const double above = divergence_plainly(p, y, exaggeration);
    coordinate = kept;
    return (above - below) / (double{high} - low);
  };
  for (std::size_t i = 0; i < 40; ++i) {
    REQUIRE(gradient.x[i] == Approx(slope(y.x[i])).epsilon(1e-4).margin(2e-6));
    REQUIRE(gradient.y[i] == Approx(slope(y.y[i])).epsilon(1e-4).margin(2e-6));
  }
}

TEST_CASE("with theta 0 t-SNE goes where it goes with all pairs, and near it with 0.2") {
  const Tensor x = clouds(3, 40, 5, 4);
  TsneConfig config = small_config();
  config.iterations = 20;  // rounding errors grow tenfold in every ten of them
  const Tensor pairs = tsne(x, config);
  config.exact_below = 0;
  config.theta = 0;
  const Tensor zero = tsne(x, config);
  config.exact_below = 120;  // as many as there are points, which is not below
  REQUIRE(values_of(tsne(x, config)) == values_of(zero));
  config.theta = 0.2;
  const Tensor small = tsne(x, config);
  double size = 0;
  for (const real value : pairs.span()) size = std::max(size, std::abs(double{value}));
  for (index_t i = 0; i < pairs.numel(); ++i) {
    REQUIRE(zero.data()[i] == Approx(pairs.data()[i]).margin(1e-3 * size));
    REQUIRE(small.data()[i] == Approx(pairs.data()[i]).margin(0.02 * size));
  }
  REQUIRE(values_of(small) != values_of(zero));
}

TEST_CASE("t-SNE begins on the first two principal components, with a standard deviation of 1e-4") {
  const Tensor x = clouds(3, 40, 5, 4), principal = pca(x, 2).points;
  TsneConfig config = small_config();
  config.iterations = 1;
  config.learning_rate = 1e-30;
  const Tensor y = tsne(x, config);
  double squares = 0;
  for (index_t i = 0; i < 240; i += 2) squares += std::pow(principal.data()[i], 2) / 120;
  const double scale = 1e-4 / std::sqrt(squares);
  for (index_t i = 0; i < 240; ++i) REQUIRE(y.data()[i] == Approx(scale * principal.data()[i]).margin(6e-6));
}

TEST_CASE("t-SNE's descent, step by step: exaggeration and low momentum for a quarter of it, 250 steps at most") {
  const index_t iterations = GENERATE(4, 8, 1012);
  constexpr index_t kPoints = 40;
  const Tensor x = clouds(2, kPoints / 2, 5, 4);
  TsneConfig config = small_config();
  config.learning_rate = 1e-30;
  config.iterations = 1;
  const Tensor begin = tsne(x, config);
  config.iterations = iterations;
  // a thousand steps so small that rounding errors do not grow, and four that all are cut to a length of 5
  config.learning_rate = iterations == 8 ? 50 : iterations == 4 ? 1e9 : 1e-4;
  const Tensor got = tsne(x, config);

  const Affinities p = affinities_of(x, 30, config.perplexity);
  struct Coordinate {
    double place, velocity = 0, gain = 1;
  };
  std::vector<std::array<Coordinate, 2>> points;
  for (index_t i = 0; i < kPoints; ++i)
    points.push_back({Coordinate{begin.data()[2 * i]}, Coordinate{begin.data()[2 * i + 1]}});
  double size = 0;
  for (index_t iteration = 1; iteration <= config.iterations; ++iteration) {
    const bool early = iteration <= std::min<index_t>(250, iterations / 4);
    Plane y(kPoints), gradient(kPoints);
    for (std::size_t i = 0; i < points.size(); ++i) {
      y.x[i] = static_cast<real>(points[i][0].place);
      y.y[i] = static_cast<real>(points[i][1].place);
    }
    tsne_gradient(p, y, early ? 12 : 1, std::nullopt, gradient);
    std::array<double, 2> mean{};
    for (std::size_t i = 0; i < points.size(); ++i) {
      for (std::size_t c = 0; c < 2; ++c) {
        Coordinate& at = points[i][c];
        const double slope = c == 0 ? gradient.x[i] : gradient.y[i];
        at.gain = slope * at.velocity > 0 ? std::max(at.gain * 0.8, 0.01) : at.gain + 0.2;
        at.velocity = (early ? 0.5 : 0.8) * at.velocity - config.learning_rate * at.gain * slope;
      }
      const double length = std::hypot(points[i][0].velocity, points[i][1].velocity);
      for (std::size_t c = 0; c < 2; ++c) {
        Coordinate& at = points[i][c];
        at.place += at.velocity *= length > 5 ? 5 / length : 1;
        mean[c] += at.place / kPoints;
      }
    }
    for (auto& point : points) {
      for (std::size_t c = 0; c < 2; ++c) size = std::max(size, std::abs(point[c].place -= mean[c]));
    }
  }
  for (index_t i = 0; i < got.numel(); ++i) {
    const double wanted = points[static_cast<std::size_t>(i / 2)][static_cast<std::size_t>(i % 2)].place;
    REQUIRE(got.data()[i] == Approx(wanted).margin(1e-3 * size));
  }
}

TEST_CASE("clouds that lie apart stay apart in the plane") {
  const Tensor x = clouds(3, 50, 10, 20);
  TsneConfig config = small_config();
  config.exact_below = GENERATE(0, 2000);
  const Tensor y = tsne(x, config);
  double inside = 0, outside = 1e9, mean_x = 0;
  for (index_t i = 0; i < 150; ++i) {
    mean_x += y.data()[2 * i] / 150;
    for (index_t j = 0; j < i; ++j) {
      if (i / 50 == j / 50) {
        inside = std::max(inside, between(y, i, j));
      } else {
        outside = std::min(outside, between(y, i, j));
      }
    }
  }
  CHECK(outside > inside);
  CHECK(mean_x == Approx(0).margin(1e-4));
}

TEST_CASE("t-SNE gives the same bits on any number of threads, and in any unit") {
  Tensor x = clouds(3, 100, 5, 4);
  TsneConfig config = small_config();
  config.iterations = 60;
  config.exact_below = GENERATE(0, 2000);
  require_same_on_any_threads([&] { return values_of(tsne(x, config)); });
  const Tensor y = tsne(x, config);
  for (real& value : x.mutable_span()) value *= 1024;
  REQUIRE(values_of(tsne(x, config)) == values_of(y));
  config.seed = 2;
  REQUIRE(values_of(tsne(x, config)) != values_of(y));
}

TEST_CASE("t-SNE's divergence falls, and every iteration is reported") {
  const Tensor x = clouds(3, 40, 5, 4);
  TsneConfig config = small_config();
  config.iterations = 400;
  std::vector<double> divergences;
  tsne(x, config, [&](index_t iteration, index_t iterations, double divergence) {
    REQUIRE(iteration == std::ssize(divergences) + 1);
    REQUIRE(iterations == 400);
    divergences.push_back(divergence);
  });
  REQUIRE(divergences.size() == 400);
  CHECK(divergences[0] > 0);
  CHECK(divergences[48] == divergences[0]);
  CHECK(divergences[49] != divergences[0]);
  CHECK(divergences[399] < divergences[99] / 2);
  config.iterations = 58;
  divergences.clear();
  tsne(x, config, [&](index_t, index_t, double divergence) { divergences.push_back(divergence); });
  CHECK(divergences[56] == divergences[49]);
  CHECK(divergences[57] != divergences[49]);
}

TEST_CASE("t-SNE's own learning rate grows with the number of points, and one that is too high overflows nothing") {
  TsneConfig config = small_config();
  config.iterations = 40;
  config.exaggeration = 1;
  for (const index_t each : {60, 100}) {
    const Tensor x = clouds(3, each, 5, 4);
    config.learning_rate = 0;
    const Tensor own = tsne(x, config);
    config.learning_rate = each == 60 ? 50 : 300.0 / 4;
    REQUIRE(values_of(tsne(x, config)) == values_of(own));
  }
  config.exaggeration = 12;
  const Tensor x = clouds(3, 400, 5, 4);
  config.learning_rate = 0;
  config.iterations = 4;  // the first of them with exaggeration
  const Tensor own = tsne(x, config);
  config.learning_rate = 300;
  REQUIRE(values_of(tsne(x, config)) != values_of(own));
  config.learning_rate = 1e9;
  config.iterations = 40;
  const Tensor far = tsne(x, config);
  for (const real value : far.span()) REQUIRE(std::abs(value) <= 40 * 5 * 2);
}

TEST_CASE("t-SNE parts equal points and uses both dimensions for points on a line") {
  Tensor x({60, 1});
  for (index_t i = 0; i < 60; ++i) x.mutable_data()[i] = static_cast<real>(i / 2);
  TsneConfig config = small_config();
  config.exact_below = GENERATE(0, 2000);
  const Tensor y = tsne(x, config);
  double across = 0;
  for (index_t i = 0; i < 60; i += 2) {
    CHECK(between(y, i, i + 1) > 0);
    across = std::max(across, std::abs(double{y.data()[2 * i + 1]}));
  }
  CHECK(across > 1);
}

TEST_CASE("t-SNE refuses too few points, points that are not finite, and equal points") {
  TsneConfig config;
  config.iterations = 1;
  REQUIRE(tsne(Tensor::normal({91, 4}, Rng(1)), config).shape() == Shape{91, 2});
  REQUIRE_THROWS_WITH(tsne(Tensor::normal({90, 4}, Rng(1)), config),
                      Catch::Contains("perplexity 30 needs 90 neighbours") && Catch::Contains("90 points have 89") &&
                          Catch::Contains("at most 29.6667"));
  REQUIRE_THROWS_WITH(tsne(Tensor::full({100, 4}, 0.1F), config), Catch::Contains("all 100 points are equal"));
  Tensor x = Tensor::normal({100, 4}, Rng(1));
  x.mutable_data()[123] = std::nanf("");
  REQUIRE_THROWS_WITH(tsne(x, config), Catch::Contains("t-SNE: row 30 holds a value that is not finite"));
  REQUIRE_THROWS_WITH(tsne(Tensor::zeros({100}), config), Catch::Contains("must be [points, dimensions]"));
}

TEST_CASE("t-SNE of MNIST is trustworthy", "[slow]") {
  const std::string path = real_data("mnist10k/t10k-images-idx3-ubyte.gz");
  if (path.empty()) return;
  const Tensor images = mnist_images(path, 5000);
  double divergence = 0;
  const Tensor y = tsne(pca(images, 50).points, {}, [&](index_t, index_t, double latest) { divergence = latest; });
  const ProjectionQuality quality = projection_quality(images, y, 12);
  CAPTURE(divergence, quality.preserved);
  CHECK(quality.trustworthiness > 0.97);
}

TEST_CASE("points part again where early attraction draws them all together") {
  // So many dimensions that everybody has neighbours everywhere: attraction twelve times over beats any repulsion, and
  // the points shrink to 1e-12 and less. Anywhere but at the origin that is one place for all, for ever.
  constexpr index_t kPoints = 2500, kWidth = 300;
  Tensor x = Tensor::normal({kPoints, kWidth}, Rng(3));
  for (index_t i = 0; i < kPoints; ++i) {
    real* const row = x.mutable_data() + i * kWidth;
    const double squares = row_sum<double>(kWidth, [&](index_t d) { return double{row[d]} * row[d]; });
    for (index_t d = 0; d < kWidth; ++d) row[d] /= static_cast<real>(std::sqrt(squares));
  }
  TsneConfig config;
  config.iterations = 400;
  const Tensor y = tsne(x, config);
  std::set<std::pair<real, real>> places;
  double mean = 0, squares = 0;
  for (index_t i = 0; i < kPoints; ++i) {
    const real* const at = y.data() + 2 * i;
    places.emplace(at[0], at[1]);
    mean += double{at[0]} / kPoints;
    squares += double{at[0]} * at[0] / kPoints;
  }
  CHECK(places.size() == kPoints);
  CHECK(std::abs(mean) < 1e-5);
  CHECK(squares > 1);
}

}  // namespace heddle
