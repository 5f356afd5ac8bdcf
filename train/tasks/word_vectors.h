#pragma once

#include "train/tasks/task.h"

namespace heddle {

/// Telling the words around a word from words drawn at random: loss a pair, samples of nearest words. The dataset must
/// be text, the model word2vec.
std::unique_ptr<Task> make_word_vectors(Model& model, const Dataset& dataset);

}  // namespace heddle
