#pragma once

#include <vector>

#include "data/batch.h"
#include "framework/keys.h"
#include "framework/rng.h"

namespace heddle {

/// Changes of training sounds that another speaker, room or moment might have made, and what is hidden of them so that
/// no single part decides. Of T frames of log-mel energies x[t, b], read straight between neighbours,
///
///   y[t, b] = x(begin + t e^u, (b + 1/2) e^v - 1/2) + g,
///
/// u uniform in [-speed, speed]: another tempo; v in [-warp, warp]: bands stand higher or lower on the mel scale, as of
/// another vocal tract (Jaitly and Hinton, "Vocal Tract Length Perturbation (VTLP) improves speech recognition", 2013);
/// g in [-gain, gain] decibels; begin, and as much at the end, in [0, crop], at most a quarter of the sound, is cut
/// off. Then a stretch of up to mask_bands bands, and one of up to mask_frames frames, at most a third of them, are set
/// to their mean (Park et al., "SpecAugment", 2019). All 0: nothing is changed.
struct SoundAugment {
  double speed = 0, warp = 0, gain = 0, crop = 0;
  std::int64_t mask_bands = 0, mask_frames = 0;

  std::vector<Key> keys();
  bool changes() const { return speed > 0 || warp > 0 || gain > 0 || crop > 0 || mask_bands > 0 || mask_frames > 0; }
  /// Changes the rows of a batch of features [B, T, F] and its mask, which were standardized by mean and deviation [F],
  /// each by the random numbers of its own number; at most `most_frames` of each are left (0: any). Rows are padded
  /// anew to the longest.
  void apply(Batch& batch, const Rng& rng, const std::vector<double>& mean, const std::vector<double>& deviation,
             index_t most_frames) const;
};

}  // namespace heddle
