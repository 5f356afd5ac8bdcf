#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "train/commands/inspect/inspect_command.h"

namespace heddle {

/// The vectors that passed through one place of a model, of all rows that it was shown.
struct CapturedSpace {
  std::string name;
  std::vector<Tensor> heads;      ///< [N, D] of each; the residual stream is one
  std::vector<std::int32_t> ids;  ///< the tokens that they stand at [N]; empty where they stand at none
};

/// What leaves each layer ("hidden_states/i"), and behind these the queries, keys and values of each attention; none
/// where the model offers none. Each batch has one row, so that no place is padding. Errors: those of run_captured.
std::vector<CapturedSpace> captured_spaces(Model& model, const DataState& data, const std::vector<Batch>& batches);

/// The same batches with their tokens shuffled among all of them, those of each side apart.
std::vector<Batch> with_shuffled_tokens(std::vector<Batch> batches, const Rng& rng);

}  // namespace heddle
