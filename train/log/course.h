#pragma once

#include <string>

#include "train/log/metrics.h"

namespace heddle {

/// What the losses of training and validation side by side say to the one who trains, in a sentence: that the
/// validation loss rose from its lowest on, or lies far above that of training (more text, or dropout), that it still
/// falls (more steps), or that it hardly does. Empty where fewer than two evaluations tell.
std::string course_text(const History& history);

}  // namespace heddle
