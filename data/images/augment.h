#pragma once

#include <span>
#include <vector>

#include "framework/keys.h"
#include "framework/rng.h"
#include "framework/tensor.h"

namespace heddle {

/// How images are changed while training, each time anew, so that more is learned from few.
struct Augmentation {
  std::int64_t shift = 0;
  bool flip = false;
  double crop = 1;

  std::vector<Key> keys();
  bool none() const { return shift == 0 && !flip && crop == 1; }
};

/// Images [B, C, H, W], each of them changed. In this order: a window of a share of the area between `crop` and 1 and
/// with sides whose ratio is from 3/4 to 4/3 of the image's (evenly in the logarithm), anywhere in the image, is
/// resized to the whole by bilinear interpolation (Szegedy et al., "Going Deeper with Convolutions", 2015); left and
/// right are exchanged with a probability of 1/2; and the image is shifted by up to `shift` pixels either way, as a
/// crop from an image padded with black is (He et al., "Deep Residual Learning for Image Recognition", 2015). `black`
/// is what that is in each channel. Random numbers go by the number of the row: that of the first is `first_row`.
Tensor augmented(const Tensor& images, const Augmentation& how, std::span<const real> black, const Rng& rng,
                 index_t first_row);

}  // namespace heddle
