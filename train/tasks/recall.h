#pragma once

#include "train/tasks/task.h"

namespace heddle {

/// Predicting those next tokens of rows that can be known from what came before: loss a token and accuracy, beside the
/// accuracy of guessing any token that the row has said. The model must score next tokens.
std::unique_ptr<Task> make_recall(Model& model, const Dataset& dataset);

}  // namespace heddle
