#include "train/analysis/attention/captured_pass.h"

#include <algorithm>

#include "framework/autograd.h"
#include "models/capabilities.h"

namespace heddle {

Tensor run_captured(Model& model, const DataState& data, const Batch& batch, Capture& capture, index_t place) {
  const NoGradGuard no_grad;
  Context context;
  context.capture = &capture;
  if (!data.labels.empty()) {
    auto* const classifier = find_capability<Classifier>(model);
    return classifier != nullptr ? classifier->class_scores(batch, context) : Tensor();
  }
  if (auto* const translator = find_capability<Translator>(model))
    return translator->logits(batch.inputs, translator->encode(batch.source, batch.source_mask, context), context);
  if (auto* const writer = find_capability<NextToken>(model)) return writer->logits(batch.inputs, context);
  auto* const filler = find_capability<TokenFiller>(model);
  return filler != nullptr
             ? filler->token_scores(batch, IdTensor({static_cast<IdTensor::value_type>(place)}, {1}), context)
             : Tensor();
}

bool offers(Model& model, const DataState& data, const Batch& batch, const std::string& end) {
  Capture capture;
  run_captured(model, data, batch, capture);
  const auto& names = capture.offered();
  return std::any_of(names.begin(), names.end(), [&](const auto& name) { return name.ends_with(end); });
}

}  // namespace heddle
