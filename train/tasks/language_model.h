#pragma once

#include "train/tasks/task.h"

namespace heddle {

/// Predicting the next token of a text: loss a token, bits a character and a byte, baselines by counting n-grams,
/// samples of text. The dataset must be text, the model must score next tokens.
std::unique_ptr<Task> make_language_model(Model& model, const Dataset& dataset);

}  // namespace heddle
