#pragma once

#include "train/tasks/task.h"

namespace heddle {

/// Filling in tokens that are hidden (see Masking): loss a hidden token, perplexity, and how many of them are found;
/// baselines are tokens' frequencies, and always the commonest token. The dataset must be text. Errors: a model that
/// does not fill in; a vocabulary without [MASK].
std::unique_ptr<Task> make_masked_language_model(Model& model, const Dataset& dataset);

}  // namespace heddle
