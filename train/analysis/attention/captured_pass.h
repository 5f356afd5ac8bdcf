#pragma once

#include "data/batch.h"
#include "data/dataset.h"
#include "framework/nn/capture.h"
#include "models/model.h"

namespace heddle {

/// Runs the model on a batch of data of a kind for what passes to be captured: nothing of one that can only be trained.
/// Errors: the model's.
void run_captured(Model& model, const DataState& data, const Batch& batch, Capture& capture);

/// Whether the model has attention, as this batch passes.
bool has_attention(Model& model, const DataState& data, const Batch& batch);

}  // namespace heddle
