#pragma once

#include "train/learners/learner.h"

namespace heddle {

/// word2vec's own rule: descent along each window's loss in the order of the text. It has no keys but the learning
/// rate's. The model must be word2vec.
struct Word2VecLearnerConfig final : LearnerConfig {
  MemoryEstimate lasting_memory(Model& model, Precision precision) const override;
  std::unique_ptr<Learner> make(Model& model, const Rng& rng, Precision precision) const override;
};

}  // namespace heddle
