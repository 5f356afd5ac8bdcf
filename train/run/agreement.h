#pragma once

#include "data/dataset.h"
#include "train/run/experiment.h"

namespace heddle {

/// Errors: a step cannot be dealt out to as many ranks; says what makes the same step.
void check_shares(const Experiment& experiment);

/// To be called by all ranks before the first step. Errors: one has another program, instruction set, config or data
/// than rank 0; which, and what.
void check_agreement(const Experiment& experiment, const Dataset& dataset);

/// The same of one thing that all must have: `what` it is, and what this rank has.
void check_same(const std::string& what, const std::string& value);

}  // namespace heddle
