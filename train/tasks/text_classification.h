#pragma once

#include "train/tasks/task.h"

namespace heddle {

/// Telling the class of a text: figures are those of ClassEvaluation; baselines are the commonest class, and Naive
/// Bayes over words and over pairs of words too. A thorough evaluation has those baselines of its split beside. The
/// dataset must be labelled text. Errors: the model does not classify.
std::unique_ptr<Task> make_text_classification(Model& model, const Dataset& dataset);

}  // namespace heddle
