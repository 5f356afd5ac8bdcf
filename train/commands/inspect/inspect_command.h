#pragma once

#include <string>
#include <vector>

#include "data/batch.h"
#include "framework/keys.h"
#include "framework/nn/capture.h"
#include "train/analysis/attention/attention_steps.h"
#include "train/run/checkpoint.h"

namespace heddle {

/// What a model is shown to be looked into.
struct InspectOptions {
  std::string text, target;
  std::vector<std::string> files;  ///< of which the first is shown; from the command line's words

  std::vector<Key> keys();
};

/// One example as a model sees it, and what its places are called: tokens, or numbers where they are none.
struct InspectedExample {
  Batch batch;
  std::vector<std::string> inputs, source;
  std::vector<std::string> notices;  ///< what a person should know of it, to be told with the answer
};

/// The example that the options name, for the run's kind of model; none: the first that validates. Errors: what the
/// model cannot see; a text that is longer than its context; those of reading.
InspectedExample inspected_example(const LoadedRun& run, const InspectOptions& options);

/// Batches of `rows` rows, in their order, of the first examples that validate, until they hold `tokens` inputs, or all;
/// a row of numbers, such as a picture, counts as 64. Errors: no example validates.
std::vector<Batch> validating_batches(const Dataset& dataset, index_t tokens, index_t rows);

/// Runs the model on a batch of data of a kind for what passes to be captured. Returns its scores: of classes [B, K], of
/// the token after each [B, T, V], or of a model that fills in hidden words those at `place` of the first row [1, V].
/// Errors: the model's.
Tensor run_captured(Model& model, const DataState& data, const Batch& batch, Capture& capture, index_t place = 0);

/// The attentions that passed. Errors: there are none.
std::vector<std::string> captured_attentions(const LoadedRun& run, const Capture& capture);
/// A head of one of these: see view_head.
HeadView captured_head(const LoadedRun& run, const Capture& capture, const std::string& attention, index_t head);

}  // namespace heddle
