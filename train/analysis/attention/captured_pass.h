#pragma once

#include <string>

#include "data/batch.h"
#include "data/dataset.h"
#include "framework/nn/capture.h"
#include "models/model.h"

namespace heddle {

/// Runs the model on a batch of data of a kind for what passes to be captured. Returns its scores: of classes [B, K],
/// of the token after each [B, T, V], or of a model that fills in hidden words those at `place` of the first row [1,
/// V]; of a model that can only be trained nothing passes, and they are undefined. Errors: the model's.
Tensor run_captured(Model& model, const DataState& data, const Batch& batch, Capture& capture, index_t place = 0);

/// Whether anything passes under a name that ends so, as this batch does.
bool offers(Model& model, const DataState& data, const Batch& batch, const std::string& end);
/// Whether the model has attention.
inline bool has_attention(Model& model, const DataState& data, const Batch& batch) {
  return offers(model, data, batch, "attention/weights");
}

}  // namespace heddle
