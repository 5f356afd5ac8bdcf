#pragma once

#include "train/commands/doctor/doctor.h"

namespace heddle {

/// How well pairs of tokens of the training part tell what comes next, in nats a token. Of tokens' pairs counted there,
/// p(b | a) = (n(a, b) + k p(b)) / (n(a) + k) and p(b) = (n(b) + 1) / (N + V), k = 50 (MacKay and Peto, "A hierarchical
/// Dirichlet language model", 1995).
struct SourceGap {
  double validation = 0;  ///< on the validation split
  double training = 0;    ///< on stretches of the training part as long as that split, by the others: their mean
  double deviation = 0;   ///< and standard deviation
  double worst = 0;       ///< and the highest: a training part of several sources holds such stretches, too
  double share() const { return validation / training - 1; }
  double z() const { return deviation > 0 ? (validation - training) / deviation : 0; }
};
/// Errors: none of the examples has tokens.
SourceGap compare_sources(const Dataset& dataset);

Check check_sources;

}  // namespace heddle
