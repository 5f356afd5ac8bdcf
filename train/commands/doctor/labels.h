#pragma once

#include "train/commands/doctor/doctor.h"

namespace heddle {

/// How far classes can be told from inputs without a model: standard deviations above what classes that are dealt out
/// anew would give, and the shares right.
struct LabelSignal {
  double probe = 0, majority = 0, probe_z = 0;    ///< a linear classifier on examples it was not fitted to
  double nearest = 0, chance = 0, nearest_z = 0;  ///< examples whose nearest neighbour is of their class
  double z() const { return probe_z > nearest_z ? probe_z : nearest_z; }
};
/// Of vectors [N, D] and their classes; of a class with fewer than five examples none count.
LabelSignal label_signal(const Tensor& vectors, const std::vector<int>& labels, const Rng& rng);

Check check_labels;

}  // namespace heddle
