#include "data/images/augment.h"

#include <algorithm>
#include <cmath>

#include "framework/parallel.h"

namespace heddle {
namespace {

/// What becomes of one image.
struct Change {
  double top = 0, left = 0, height = 0, width = 0;  ///< of the window that is resized to the whole
  bool flipped = false;
  index_t down = 0, right = 0;  ///< pixels that it is shifted by
};

Change draw(const Augmentation& how, index_t height, index_t width, const Rng& rng) {
  Change change{0, 0, static_cast<double>(height), static_cast<double>(width), false, 0, 0};
  if (how.crop < 1) {
    const double side = std::sqrt(how.crop + (1 - how.crop) * rng.uniform(0));
    const double stretch = std::pow(4.0 / 3.0, rng.uniform(1) - 0.5);  // root of the ratio
    const double across = std::min(1.0, side * stretch), along = std::min(1.0, side / stretch);
    change.top = rng.uniform(2) * (1 - along) * change.height;
    change.left = rng.uniform(3) * (1 - across) * change.width;
    change.height *= along;
    change.width *= across;
  }
  change.flipped = how.flip && rng.below(2, 4) == 1;
  const auto places = static_cast<std::uint64_t>(2 * how.shift + 1);
  change.down = static_cast<index_t>(rng.below(places, 5)) - how.shift;
  change.right = static_cast<index_t>(rng.below(places, 6)) - how.shift;
  return change;
}

/// Where between two pixels something lies: low + share * (high - low).
struct Between {
  index_t low, high;
  real share;
};

/// Of each of `count` pixels that a window from `begin`, `size` wide, is resized to.
std::vector<Between> places_in(double begin, double size, index_t count) {
  std::vector<Between> all;
  for (index_t i = 0; i < count; ++i) {
    const double at = begin + (static_cast<double>(i) + 0.5) * size / static_cast<double>(count) - 0.5;
    const double inside = std::clamp(at, 0.0, static_cast<double>(count - 1));
    const auto low = static_cast<index_t>(inside);
    all.push_back({low, std::min(low + 1, count - 1), static_cast<real>(inside - static_cast<double>(low))});
  }
  return all;
}

}  // namespace

std::vector<Key> Augmentation::keys() {
  return {
      {"shift", shift, "augmentation: training images are shifted by up to so many pixels each way, black behind", 0,
       1000},
      {"flip", flip, "augmentation: half of the training images, drawn anew each time, are mirrored left to right"},
      {"crop", crop,
       "augmentation: training images become windows of themselves, resized, of at least this share of the area; 1: "
       "the "
       "whole",
       0.01, 1.0},
  };
}

Tensor augmented(const Tensor& images, const Augmentation& how, std::span<const real> black, const Rng& rng,
                 index_t first_row) {
  const index_t channels = images.size(1), height = images.size(2), width = images.size(3), area = height * width;
  Tensor changed(images.shape());
  parallel_rows(images.size(0), channels * area, [&, out = changed.mutable_data()](index_t row) {
    const Change change = draw(how, height, width, rng.fork(static_cast<std::uint64_t>(first_row + row)));
    const std::vector<Between> ys = places_in(change.top, change.height, height);
    const std::vector<Between> xs = places_in(change.left, change.width, width);
    for (index_t channel = 0; channel < channels; ++channel) {
      const real* const from = images.data() + (row * channels + channel) * area;
      real* to = out + (row * channels + channel) * area;
      for (index_t y = 0; y < height; ++y) {
        for (index_t x = 0; x < width; ++x) {
          const index_t v = y - change.down, shifted = x - change.right;
          if (v < 0 || v >= height || shifted < 0 || shifted >= width) {
            *to++ = black[static_cast<std::size_t>(channel)];
            continue;
          }
          const index_t u = change.flipped ? width - 1 - shifted : shifted;
          const Between &down = ys[static_cast<std::size_t>(v)], &across = xs[static_cast<std::size_t>(u)];
          const auto along_row = [&](index_t line) {
            const real low = from[line * width + across.low], high = from[line * width + across.high];
            return low + across.share * (high - low);
          };
          const real upper = along_row(down.low);
          *to++ = upper + down.share * (along_row(down.high) - upper);
        }
      }
    }
  });
  return changed;
}

}  // namespace heddle
