#pragma once

#include <filesystem>
#include <vector>

#include "models/model.h"

namespace heddle {

/// Sets a model's weights to the mean of those that checkpoints of it hold (Vaswani et al., "Attention Is All You
/// Need", 2017, average the last five). Errors: no checkpoint; as load_checkpoint; a checkpoint of another model.
void load_mean_weights(Model& model, const std::vector<std::filesystem::path>& checkpoints);

}  // namespace heddle
