#pragma once

#include "train/tasks/task.h"

namespace heddle {

/// Telling the class of an example: figures are those of ClassEvaluation; baselines are the commonest class and the
/// nearest mean of a class. Errors: the model does not classify.
std::unique_ptr<Task> make_classification(Model& model, const Dataset& dataset);

}  // namespace heddle
