#include "train/analysis/attention/captured_pass.h"

#include <algorithm>

#include "framework/autograd.h"
#include "models/capabilities.h"

namespace heddle {

void run_captured(Model& model, const DataState& data, const Batch& batch, Capture& capture) {
  const NoGradGuard no_grad;
  Context context;
  context.capture = &capture;
  if (!data.labels.empty()) {
    capability<Classifier>(model, "inspect", "choose another run").class_scores(batch, context);
  } else if (auto* const translator = find_capability<Translator>(model)) {
    translator->logits(batch.inputs, translator->encode(batch.source, batch.source_mask, context), context);
  } else if (auto* const writer = find_capability<NextToken>(model)) {
    writer->logits(batch.inputs, context);
  } else if (auto* const filler = find_capability<TokenFiller>(model)) {
    filler->token_scores(batch, IdTensor({0}, {1}), context);
  }
}

bool has_attention(Model& model, const DataState& data, const Batch& batch) {
  Capture capture;
  run_captured(model, data, batch, capture);
  const auto& names = capture.offered();
  return std::any_of(names.begin(), names.end(), [](const auto& name) { return name.ends_with("attention/weights"); });
}

}  // namespace heddle
