#pragma once

#include <vector>

#include "data/batch.h"
#include "framework/keys.h"
#include "framework/rng.h"

namespace heddle {

/// Changes of log-mel energies.
struct SoundAugment {
  double speed = 0, warp = 0, gain = 0, noise = 0;
  std::int64_t crop = 0, mask_bands = 0, mask_frames = 0, masks = 1;

  std::vector<Key> keys();
  void apply(Batch& batch, const Rng& rng, const std::vector<double>& mean, const std::vector<double>& deviation,
             index_t most_frames) const;
};

}  // namespace heddle
