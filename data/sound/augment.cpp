#include "data/sound/augment.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace heddle {
namespace {

/// Between x[floor(at)] and the next, of `count` numbers `step` apart.
struct Between {
  Between(double at, index_t count) {
    const double kept = std::clamp(at, 0.0, static_cast<double>(count - 1));
    low = static_cast<index_t>(kept);
    high = std::min(low + 1, count - 1);
    share = kept - static_cast<double>(low);
  }
  index_t low, high;
  double share;
};

}  // namespace

std::vector<Key> SoundAugment::keys() {
  return {
      {"speed", speed, "s", 0.0, 0.5},
      {"warp", warp, "s", 0.0, 0.5},
      {"gain", gain, "s", 0.0, 60.0},
      {"noise", noise, "s", 0.0, 100.0},
      {"crop", crop, "s", 0, 1000},
      {"mask_bands", mask_bands, "s", 0, 1000},
      {"mask_frames", mask_frames, "s", 0, 1000},
      {"masks", masks, "s", 0, 1000},
  };
}

void SoundAugment::apply(Batch& batch, const Rng& rng, const std::vector<double>& mean,
                         const std::vector<double>& deviation, index_t most_frames) const {
  const index_t rows = batch.rows(), frames = batch.features.size(1), bands = batch.features.size(2);
  std::vector<std::vector<double>> made(static_cast<std::size_t>(rows));
  index_t longest = 0;
  for (index_t row = 0; row < rows; ++row) {
    const Rng chance = rng.fork(static_cast<std::uint64_t>(batch.first_row + row));
    std::uint64_t next = 0;
    const auto uniform = [&](double low, double high) { return low + (high - low) * chance.uniform(next++); };
    const auto whole = [&](index_t most) {
      return static_cast<index_t>(chance.below(static_cast<std::uint64_t>(most) + 1, next++));
    };
    const real* const mask = batch.mask.data() + row * frames;
    const index_t count = std::count(mask, mask + frames, real{1});
    const double rate = std::exp(uniform(-speed, speed)), stretch = std::exp(uniform(-warp, warp));
    double begin = uniform(0, static_cast<double>(crop)), end = uniform(0, static_cast<double>(crop));
    const double most_cut = static_cast<double>(count) / 4;
    begin = std::min(begin, most_cut);
    end = std::min(end, most_cut);
    index_t length = std::max<index_t>(1, std::llround((static_cast<double>(count) - begin - end) / rate));
    if (most_frames > 0) length = std::min(length, most_frames);
    longest = std::max(longest, length);
    std::vector<double>& to = made[static_cast<std::size_t>(row)];
    to.resize(static_cast<std::size_t>(length * bands));
    const real* const from = batch.features.data() + row * frames * bands;
    const auto log_energy = [&](index_t t, index_t b) {
      const auto band = static_cast<std::size_t>(b);
      return static_cast<double>(from[t * bands + b]) * deviation[band] + mean[band];
    };
    const double louder = uniform(-gain, gain) * std::numbers::ln10 / 10;
    double top = -1e30;
    for (index_t i = 0; i < length; ++i) {
      const Between t(begin + static_cast<double>(i) * rate, count);
      for (index_t b = 0; b < bands; ++b) {
        const Between f((static_cast<double>(b) + 0.5) * stretch - 0.5, bands);
        const auto at = [&](index_t time) {
          return (1 - f.share) * log_energy(time, f.low) + f.share * log_energy(time, f.high);
        };
        const double x = (1 - t.share) * at(t.low) + t.share * at(t.high) + louder;
        top = std::max(top, x);
        to[static_cast<std::size_t>(i * bands + b)] = x;
      }
    }
    if (noise > 0) {
      const double level = top - uniform(noise, 80) * std::numbers::ln10 / 10;
      const double slope = uniform(-2, 2);
      for (std::size_t i = 0; i < to.size(); ++i)
        to[i] = std::log(std::exp(to[i]) +
                         std::exp(level + slope * static_cast<double>(i % static_cast<std::size_t>(bands)) /
                                              static_cast<double>(bands)) *
                             -std::log(1 - chance.uniform(1000 + i)));
    }
    for (std::size_t i = 0; i < to.size(); ++i) {
      const std::size_t band = i % static_cast<std::size_t>(bands);
      to[i] = (to[i] - mean[band]) / deviation[band];
    }
    for (index_t m = 0; m < masks; ++m) {
      const index_t width = whole(std::min(mask_bands, bands)), first = whole(bands - width);
      const index_t time = whole(std::min(mask_frames, length / 3)), start = whole(length - time);
      for (index_t t = 0; t < length; ++t) {
        for (index_t b = 0; b < bands; ++b) {
          if ((b >= first && b < first + width) || (t >= start && t < start + time))
            to[static_cast<std::size_t>(t * bands + b)] = 0;
        }
      }
    }
  }
  batch.features = Tensor::zeros({rows, longest, bands});
  batch.mask = Tensor::zeros({rows, longest});
  for (index_t row = 0; row < rows; ++row) {
    const auto& from = made[static_cast<std::size_t>(row)];
    std::transform(from.begin(), from.end(), batch.features.mutable_data() + row * longest * bands,
                   [](double x) { return static_cast<real>(x); });
    std::fill_n(batch.mask.mutable_data() + row * longest, std::ssize(from) / bands, real{1});
  }
}

}  // namespace heddle
