#pragma once

#include <string>
#include <vector>

#include "data/batch.h"
#include "framework/keys.h"
#include "framework/nn/capture.h"
#include "train/analysis/attention/attention_steps.h"
#include "train/analysis/attention/captured_pass.h"
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
/// `dataset` is the run's own, where it is read already.
InspectedExample inspected_example(const LoadedRun& run, const InspectOptions& options,
                                   std::shared_ptr<const Dataset> dataset = nullptr);

/// The place that a person means by a word, of `count` places that `names` are of (none: numbers alone): a number, a
/// token, or where a word ends that several tokens make; empty: the last. Of several the first, which `notices` then
/// says. Errors: it is not there.
index_t place_of(const std::string& word, const std::vector<std::string>& names, index_t count,
                 std::vector<std::string>& notices);

/// How many tokens parts that look at many are shown, unless another number is asked for.
constexpr index_t kInspectedTokens = 8192;

/// The first examples that validate, in their order and each a batch, so that none is filled up, until they hold
/// `tokens` inputs, or all; a row of numbers, such as a picture, counts as 64. Errors: no example validates.
std::vector<Batch> validating_batches(const Dataset& dataset, index_t tokens);

/// Errors: it has not, for the parts that look into attention.
void ensure_attention(const LoadedRun& run, bool has_attention);
/// The attentions that passed. Errors: there are none.
std::vector<std::string> captured_attentions(const LoadedRun& run, const Capture& capture);
/// A head of one of these: see view_head.
HeadView captured_head(const LoadedRun& run, const Capture& capture, const std::string& attention, index_t head);

}  // namespace heddle
