#include "data/sound/augment.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace heddle {
namespace {

/// Random numbers of one row, one after another.
class Chance {
 public:
  explicit Chance(const Rng& rng) : rng_(rng) {}
  double within(double low, double high) { return low + (high - low) * rng_.uniform(next_++); }
  index_t below(index_t end) { return static_cast<index_t>(rng_.below(static_cast<std::uint64_t>(end), next_++)); }
  /// Begin and end of a stretch of up to `most` of `count`.
  std::pair<index_t, index_t> stretch(index_t most, index_t count) {
    const index_t length = below(std::min(most, count) + 1), begin = below(count - length + 1);
    return {begin, begin + length};
  }

 private:
  Rng rng_;
  std::uint64_t next_ = 0;
};

/// A place between two of `count` neighbours: the share of the second.
struct Between {
  Between(double at, index_t count) {
    at = std::clamp(at, 0.0, static_cast<double>(count - 1));
    low = static_cast<index_t>(at);
    high = std::min(low + 1, count - 1);
    share = at - static_cast<double>(low);
  }
  index_t low, high;
  double share;
};

double mixed(double a, double b, double share) { return a + (b - a) * share; }

}  // namespace

std::vector<Key> SoundAugment::keys() {
  return {
      {"speed", speed, "training: sounds are up to this share slower or faster", 0.0, 0.5},
      {"warp", warp, "training: bands stand up to this share higher or lower, as of other voices", 0.0, 0.5},
      {"gain", gain, "training: sounds are up to this many decibels louder or quieter", 0.0, 60.0},
      {"crop", crop, "training: up to this many frames are cut off at either end", 0.0, 1000.0},
      {"mask_bands", mask_bands, "training: up to this many neighbouring bands are hidden", 0, 1000},
      {"mask_frames", mask_frames, "training: up to this many neighbouring frames are hidden", 0, 1000},
  };
}

void SoundAugment::apply(Batch& batch, const Rng& rng, const std::vector<double>& mean,
                         const std::vector<double>& deviation, index_t most_frames) const {
  if (!changes()) return;
  const index_t rows = batch.rows(), frames = batch.features.size(1), bands = batch.features.size(2);
  std::vector<std::vector<real>> changed(static_cast<std::size_t>(rows));
  index_t longest = 0;
  for (index_t row = 0; row < rows; ++row) {
    Chance chance(rng.fork(static_cast<std::uint64_t>(batch.first_row + row)));
    const real* const from = batch.features.data() + row * frames * bands;
    const real* const mask = batch.mask.data() + row * frames;
    const index_t count = std::count(mask, mask + frames, real{1});
    const double rate = std::exp(chance.within(-speed, speed)), height = std::exp(chance.within(-warp, warp));
    const double louder = chance.within(-gain, gain) * std::numbers::ln10 / 10;
    const double most_cut = std::min(crop, static_cast<double>(count) / 4);
    const double begin = chance.within(0, most_cut), end = static_cast<double>(count) - chance.within(0, most_cut);
    index_t length = std::max<index_t>(1, std::llround((end - begin) / rate));
    if (most_frames > 0) length = std::min(length, most_frames);
    const auto [first_band, last_band] = chance.stretch(mask_bands, bands);
    const auto [first_frame, last_frame] = chance.stretch(std::min(mask_frames, length / 3), length);

    const auto energy = [&](index_t t, index_t b) {
      return static_cast<double>(from[t * bands + b]) * deviation[static_cast<std::size_t>(b)] +
             mean[static_cast<std::size_t>(b)];
    };
    std::vector<real>& to = changed[static_cast<std::size_t>(row)];
    for (index_t i = 0; i < length; ++i) {
      const Between t(begin + static_cast<double>(i) * rate, count);
      for (index_t b = 0; b < bands; ++b) {
        const bool hidden = (b >= first_band && b < last_band) || (i >= first_frame && i < last_frame);
        const Between f((static_cast<double>(b) + 0.5) * height - 0.5, bands);
        const double early = mixed(energy(t.low, f.low), energy(t.low, f.high), f.share);
        const double late = mixed(energy(t.high, f.low), energy(t.high, f.high), f.share);
        const auto band = static_cast<std::size_t>(b);
        const double standard = (mixed(early, late, t.share) + louder - mean[band]) / deviation[band];
        to.push_back(hidden ? real{0} : static_cast<real>(standard));
      }
    }
    longest = std::max(longest, length);
  }
  batch.features = Tensor::zeros({rows, longest, bands});
  batch.mask = Tensor::zeros({rows, longest});
  real *features = batch.features.mutable_data(), *mask = batch.mask.mutable_data();
  for (const std::vector<real>& row : changed) {
    std::copy(row.begin(), row.end(), features);
    std::fill_n(mask, std::ssize(row) / bands, real{1});
    features += longest * bands;
    mask += longest;
  }
}

}  // namespace heddle
