#include "train/analysis/space/laws.h"

#include <cmath>
#include <numbers>

#include "framework/ops.h"
#include "train/analysis/space/cloud.h"

namespace heddle {
namespace {

constexpr index_t kVectors = 2048;

void check_dims(index_t dims) {
  ensure(dims >= 2, "laws of space: in ", dims, " dimensions there are no angles; give 2 or more");
}

/// ln of Gamma((d + 1) / 2) / Gamma(d / 2).
double gamma_ratio(double d) { return std::lgamma((d + 1) / 2) - std::lgamma(d / 2); }

/// ln of the share of directions that lie within an angle, up to a right one, of a given one:
/// the integral of sin^(d - 2) from 0 to it, over that to pi.
double cap_share(index_t dims, double angle) {
  constexpr int kSteps = 1 << 14;  // of Simpson's rule; the integrand is taken beside its greatest value
  const auto power = static_cast<double>(dims - 2);
  const double most = std::log(std::sin(angle)), step = angle / kSteps;
  double sum = dims == 2 ? 2 : 1;  // at both ends
  for (int i = 1; i < kSteps; ++i)
    sum += (i % 2 == 0 ? 2 : 4) * std::exp(power * (std::log(std::sin(i * step)) - most));
  return std::log(sum * step / 3) + power * most + gamma_ratio(static_cast<double>(dims - 1)) -
         std::log(std::numbers::pi) / 2;
}

Tensor unit_vectors(index_t count, index_t dims, const Rng& rng) {
  Tensor x = Tensor::normal({count, dims}, rng);
  return x / sqrt(sum(x * x, {1}, true));
}

/// Whether two of the rows are nearer than an angle, by their products.
class Nearness {
 public:
  Nearness(index_t count, index_t dims, double angle, const Rng& rng)
      : count_(count), nearest_(static_cast<real>(std::cos(angle))) {
    const Tensor x = unit_vectors(count, dims, rng);
    products_ = matmul(x, x, false, true);
  }
  bool operator()(index_t a, index_t b) const { return products_.data()[a * count_ + b] > nearest_; }

 private:
  index_t count_;
  real nearest_;
  Tensor products_;
};

/// Rows that are drawn until one is near to one before it; `count` where none is.
index_t draws_until_near(const Nearness& near, index_t count) {
  for (index_t i = 1; i < count; ++i) {
    for (index_t j = 0; j < i; ++j) {
      if (near(i, j)) return i + 1;
    }
  }
  return count;
}

}  // namespace

SpaceLaw space_law(index_t dims, const Rng& rng) {
  check_dims(dims);
  const auto d = static_cast<double>(dims), pairs = static_cast<double>(kVectors * (kVectors - 1)) / 2;
  SpaceLaw law;
  law.dims = dims;
  const Tensor x = Tensor::normal({kVectors, dims}, rng.fork(0)), products = matmul(x, x, false, true);
  const Norms lengths = norms(x);
  law.norm = {std::sqrt(2.0) * std::exp(gamma_ratio(d)), lengths.mean};
  law.deviation = {std::sqrt(d - law.norm.exact * law.norm.exact), lengths.deviation};
  const auto product = [&](index_t i, index_t j) { return double{products.data()[i * kVectors + j]}; };
  double cosines = 0, squares = 0;
  for (index_t i = 0; i < kVectors; ++i) {
    for (index_t j = 0; j < i; ++j) {
      cosines += std::abs(product(i, j)) / std::sqrt(product(i, i) * product(j, j));
      squares += product(i, j) * product(i, j);
    }
  }
  law.cosine = {std::exp(-gamma_ratio(d)) / std::sqrt(std::numbers::pi), cosines / pairs};
  law.cosine_limit = std::sqrt(2 / (std::numbers::pi * d));
  law.product_variance = {d, squares / pairs};

  // The first d of d + 2 coordinates of a random point of the sphere are a random point of the ball (Voelker et al.,
  // "Efficiently sampling vectors and coordinates from the n-sphere and n-ball", 2017): nothing of the law is put in.
  const Tensor ball = slice(unit_vectors(kVectors, dims + 2, rng.fork(1)), 1, 0, dims), radii = sum(ball * ball, {1});
  constexpr double kInner = 0.9;
  double outside = 0;
  for (const real radius : radii.span()) outside += radius > kInner * kInner ? 1 : 0;
  law.shell = {-std::expm1(d * std::log(kInner)), outside / kVectors};
  return law;
}

DirectionsLaw directions_law(index_t dims, double degrees, const Rng& rng) {
  constexpr index_t kTries = 32;
  constexpr double kMostDraws = 500;
  check_dims(dims);
  ensure(degrees > 0 && degrees <= 90, "laws of space: an angle of ", degrees, " degrees; give one above 0, up to 90");
  const double angle = degrees / 180 * std::numbers::pi, log_near = cap_share(dims, angle);
  DirectionsLaw law;
  law.dims = dims;
  law.near = log_near / std::numbers::ln10;
  law.at_least = -law.near;
  law.at_most = -cap_share(dims, angle / 2) / std::numbers::ln10;

  // With l = -ln(1 - p) the sum is 1 + sqrt(pi / 2 l) e^(l / 8) (Poisson's summation formula), but for e^(-2 pi^2 / l)
  const double l = -std::log1p(-std::exp(log_near)), log_l = l > 1e-12 ? std::log(l) : log_near;
  const double log_draws = (std::log(std::numbers::pi / 2) - log_l) / 2 + l / 8;
  law.draws = {(log_draws > 30 ? log_draws : std::log1p(std::exp(log_draws))) / std::numbers::ln10, NAN};
  const double expected = std::pow(10.0, law.draws.exact);
  if (expected <= kMostDraws) {
    const index_t most = std::max<index_t>(8, std::lround(5 * expected));  // more come once in a hundred million tries
    double draws = 0;
    for (index_t i = 0; i < kTries; ++i)
      draws += static_cast<double>(
          draws_until_near(Nearness(most, dims, angle, rng.fork(static_cast<std::uint64_t>(i))), most));
    law.draws.measured = std::log10(draws / kTries);
  }

  const Nearness near(kVectors, dims, angle, rng.fork(kTries));
  std::vector<index_t> kept;
  for (index_t i = 0; i < kVectors; ++i) {
    bool free = true;
    for (std::size_t k = 0; free && k < kept.size(); ++k) free = !near(i, kept[k]);
    if (free) kept.push_back(i);
  }
  law.kept = std::ssize(kept);
  return law;
}

}  // namespace heddle
