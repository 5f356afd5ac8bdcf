#pragma once

#include "train/commands/doctor/doctor.h"

namespace heddle {

/// How much of what validates stands in the training part, too.
struct Repeated {
  index_t looked_at = 0;  ///< examples that validate
  double validation = 0;  ///< share of them of which half the shingles or more, or all numbers, stand in training
  double training = 0;    ///< the same of training examples beside the rest of training
  index_t first = -1;     ///< number of the first such that validates; -1: there is none
  index_t read = 0;       ///< training examples that were read
};

/// Shingles are runs of kShingle tokens, or all of an example that has fewer (Broder, "On the resemblance and
/// containment of documents", 1997); of rows of numbers all numbers are one. Evenly spread examples of both splits are
/// looked for in all of the training part, or in as many of its examples as hold about 40 million tokens.
constexpr index_t kShingle = 16;
Repeated find_repeated(const Dataset& dataset);

Check check_duplicates;

}  // namespace heddle
