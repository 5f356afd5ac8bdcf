#pragma once

#include "train/tasks/task.h"

namespace heddle {

/// Making one side of a pair of sentences from the other: loss a token of the target, its end among them; where a
/// thorough evaluation is asked for, BLEU and chrF of translations by beam search. Baselines by counting the tokens of
/// targets; samples are translations of the first sentences that validate. The dataset must be pairs, the model must
/// translate.
std::unique_ptr<Task> make_translation(Model& model, const Dataset& dataset);

}  // namespace heddle
