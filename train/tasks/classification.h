#pragma once

#include "train/tasks/task.h"

namespace heddle {

/// Telling the class of an example: loss an example, accuracy, precision and recall a class; baselines are the
/// commonest class and the nearest mean of a class. A class that was never found has no precision (NaN), one without an
/// example no recall. Errors: the model does not classify.
std::unique_ptr<Task> make_classification(Model& model, const Dataset& dataset);

}  // namespace heddle
