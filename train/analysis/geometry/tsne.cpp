#include "train/analysis/geometry/tsne.h"

#include <algorithm>
#include <cmath>

#include "framework/rows.h"
#include "train/analysis/geometry/linear_algebra.h"
#include "train/analysis/geometry/repulsion.h"

namespace heddle {
namespace {

/// Where the descent begins.
Plane start(const Tensor& x, std::uint64_t seed) {
  const index_t n = x.size(0), components = std::min<index_t>(2, x.size(1));
  const PCA projected = pca(x, components);
  const auto coordinate = [&](index_t i, index_t c) { return double{projected.points.data()[i * components + c]}; };
  const double squares = row_sum<double>(n, [&](index_t i) { return coordinate(i, 0) * coordinate(i, 0); });
  constexpr double kDeviation = 1e-4;
  const double scale = kDeviation / std::sqrt(squares / static_cast<double>(n));
  const Rng rng(seed);
  const auto placed = [&](index_t i, index_t c) {
    const double noise = kDeviation / 100 * rng.normal(static_cast<std::uint64_t>(2 * i + c));
    return static_cast<real>((c < components ? scale * coordinate(i, c) : 0) + noise);
  };
  Plane y(n);
  parallel_rows(n, 100, [&](index_t i) {
    y.x[static_cast<std::size_t>(i)] = placed(i, 0);
    y.y[static_cast<std::size_t>(i)] = placed(i, 1);
  });
  return y;
}

/// Moves the mean to the origin.
void centre(Plane& y) {
  const auto n = static_cast<index_t>(y.x.size());
  const auto mean = [n](const std::vector<real>& values) {
    return static_cast<real>(
        row_sum<double>(n, [&](index_t i) { return double{values[static_cast<std::size_t>(i)]}; }) /
        static_cast<double>(n));
  };
  const real mean_x = mean(y.x), mean_y = mean(y.y);
  for (real& x : y.x) x -= mean_x;
  for (real& v : y.y) v -= mean_y;
}

/// Gradient descent with momentum and a gain for each coordinate, which grows while its gradient keeps its sign and
/// shrinks when it turns (Jacobs, "Increased rates of convergence through learning rate adaptation", 1988).
class Descent {
 public:
  explicit Descent(index_t n) : velocity_(n), gain_(n) {
    std::fill(gain_.x.begin(), gain_.x.end(), real{1});
    std::fill(gain_.y.begin(), gain_.y.end(), real{1});
  }

  void step(Plane& y, const Plane& gradient, real rate, real momentum) {
    parallel_rows(y.size(), 16, [&](index_t at) {
      const auto i = static_cast<std::size_t>(at);
      const auto accelerate = [&](real slope, real& velocity, real& gain) {
        gain = slope * velocity > 0 ? std::max(gain * 0.8F, 0.01F) : gain + 0.2F;
        velocity = momentum * velocity - rate * gain * slope;
      };
      accelerate(gradient.x[i], velocity_.x[i], gain_.x[i]);
      accelerate(gradient.y[i], velocity_.y[i], gain_.y[i]);
      // No point goes farther in a step, so a learning rate that is too high scatters points but overflows nothing.
      constexpr real kFarthest = 5;
      const real length = std::hypot(velocity_.x[i], velocity_.y[i]);
      const real part = length > kFarthest ? kFarthest / length : 1;
      y.x[i] += velocity_.x[i] *= part;
      y.y[i] += velocity_.y[i] *= part;
    });
  }

 private:
  Plane velocity_, gain_;
};

/// As large as pays (Belkina et al., "Automated optimized parameters for t-distributed stochastic neighbor embedding
/// improve visualization and analysis of large datasets", Nature Communications 10, 2019, whose gradients are a fourth
/// of ours).
double own_rate(index_t n, double exaggeration) { return std::max(static_cast<double>(n) / (4 * exaggeration), 50.0); }

Tensor tensor_of(const Plane& y) {
  Tensor out({y.size(), 2});
  real* const to = out.mutable_data();
  for (index_t i = 0; i < y.size(); ++i) {
    to[2 * i] = y.x[static_cast<std::size_t>(i)];
    to[2 * i + 1] = y.y[static_cast<std::size_t>(i)];
  }
  return out;
}

}  // namespace

std::vector<Key> TsneConfig::keys() {
  return {
      {"perplexity", perplexity, "about how many neighbours a point keeps near", 1.0},
      {"iterations", iterations, "steps of gradient descent", 1},
      {"theta", theta, "0: exact; higher is faster and rougher", 0.0, 1.0},
      {"exaggeration", exaggeration, "factor of attraction in the first iterations, in which clusters form", 1.0},
      {"learning_rate", learning_rate, "0: points / (4 * exaggeration of the moment), at least 50", 0.0, 1e9},
      {"exact_below", exact_below, "all pairs repel each other where there are fewer points than this", 0},
      {"seed", seed, "of the noise that parts equal points", 0},
  };
}

double tsne_gradient(const Affinities& p, const Plane& y, double exaggeration, std::optional<double> theta,
                     Plane& gradient) {
  const double z = repulsion(y, theta, gradient);
  const real scale = static_cast<real>(4 * exaggeration), repelled = static_cast<real>(4 / z);
  const index_t mean_row = p.begin.back() / std::max<index_t>(1, p.size());
  parallel_rows(p.size(), 4 * mean_row, [&](index_t at) {
    const auto i = static_cast<std::size_t>(at);
    const real xi = y.x[i], yi = y.y[i];
    real pull_x[kLanes] = {}, pull_y[kLanes] = {};
    const auto add = [&](index_t from, index_t count) {
      for (index_t l = 0; l < count; ++l) {
        const auto e = static_cast<std::size_t>(from + l);
        const auto j = static_cast<std::size_t>(p.ids[e]);
        const real dx = xi - y.x[j], dy = yi - y.y[j];
        const real pull = p.values[e] / (1 + dx * dx + dy * dy);
        pull_x[l] += pull * dx;
        pull_y[l] += pull * dy;
      }
    };
    index_t e = p.begin[i];
    for (; e + kLanes <= p.begin[i + 1]; e += kLanes) add(e, kLanes);
    add(e, p.begin[i + 1] - e);
    const auto sum = [](const real* lanes) { return row_sum(kLanes, [lanes](index_t l) { return lanes[l]; }); };
    gradient.x[i] = scale * sum(pull_x) - repelled * gradient.x[i];
    gradient.y[i] = scale * sum(pull_y) - repelled * gradient.y[i];
  });
  return z;
}

double tsne_divergence(const Affinities& p, const Plane& y, double z) {
  constexpr index_t kRows = 16;
  return parallel_sum(p.size(), kRows, [&](index_t begin, index_t end) {
    double sum = 0;
    for (auto i = static_cast<std::size_t>(begin); i < static_cast<std::size_t>(end); ++i) {
      for (auto e = static_cast<std::size_t>(p.begin[i]); e < static_cast<std::size_t>(p.begin[i + 1]); ++e) {
        const auto j = static_cast<std::size_t>(p.ids[e]);
        const double dx = double{y.x[i]} - y.x[j], dy = double{y.y[i]} - y.y[j], value = p.values[e];
        if (value > 0) sum += value * std::log(value * z * (1 + dx * dx + dy * dy));
      }
    }
    return sum;
  });
}

Tensor tsne(const Tensor& x, const TsneConfig& config, const TsneProgress& progress) {
  check_points("t-SNE", x);
  const index_t n = x.size(0);
  ensure(3 * config.perplexity <= static_cast<double>(n - 1), "t-SNE: perplexity ", config.perplexity, " needs ",
         3 * config.perplexity, " neighbours of each point, and ", n, " points have ", n - 1,
         "; give more points or a perplexity of at most ", static_cast<double>(n - 1) / 3);
  Plane y = start(x, static_cast<std::uint64_t>(config.seed)), gradient(n);
  const Neighbours near = nearest_neighbours(x, static_cast<index_t>(3 * config.perplexity));
  const Affinities p = joint_affinities(near, conditional_affinities(near, config.perplexity));

  const std::optional<double> theta = n < config.exact_below ? std::nullopt : std::optional(config.theta);
  const index_t exaggerated = std::min<index_t>(250, config.iterations / 4);
  constexpr index_t kInterval = 50;
  Descent descent(n);
  double divergence = 0;
  for (index_t iteration = 1; iteration <= config.iterations; ++iteration) {
    const bool early = iteration <= exaggerated;
    const double exaggeration = early ? config.exaggeration : 1;
    const double rate = config.learning_rate > 0 ? config.learning_rate : own_rate(n, exaggeration);
    const double z = tsne_gradient(p, y, exaggeration, theta, gradient);
    const bool asked = iteration == 1 || iteration % kInterval == 0 || iteration == config.iterations;
    if (progress && asked) divergence = tsne_divergence(p, y, z);
    descent.step(y, gradient, static_cast<real>(rate), early ? 0.5F : 0.8F);
    // Where many points have neighbours everywhere, exaggerated attraction draws all together, to 1e-12 and less. They
    // part again afterwards, if they are still different numbers: as they are around 0, and nowhere else.
    centre(y);
    if (progress) progress(iteration, config.iterations, divergence);
  }
  return tensor_of(y);
}

}  // namespace heddle
