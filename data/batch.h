#pragma once

#include "framework/tensor.h"

namespace heddle {

/// Targets of this value do not count in a loss.
constexpr IdTensor::value_type kIgnore = -1;

/// What a model is shown at once: inputs [B, T] and, for each position, the token that follows [B, T].
struct Batch {
  IdTensor inputs, targets;
};

}  // namespace heddle
