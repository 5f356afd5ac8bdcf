#pragma once

#include <string>
#include <vector>

#include "framework/nn/decode_state.h"
#include "framework/nn/module.h"
#include "train/learners/shares.h"

namespace heddle {

/// The norm of all gradients (grad_norm), each rank having those of what it owns.
double shared_grad_norm(const std::vector<NamedParameter>& parameters, const Shares& shares);
/// Gives every rank the elements of the parameters as their owners have them; returns the bytes that this one sent.
double spread_weights(std::vector<NamedParameter>& parameters, const Shares& shares);
/// A tensor beside parameter number `parameter`, of which each rank has what it owns: all of it on rank 0, and on the
/// others what they give.
Tensor whole_on_root(const Tensor& owned, const Shape& shape, std::size_t parameter, const Shares& shares);
/// What this rank owns of such a tensor.
Tensor owned_part(const Tensor& whole, std::size_t parameter, const Shares& shares);
/// Gives every rank the states of all: of as many micro-batches each has its own, in the order of the ranks.
void spread_states(std::vector<RowStates>& states);

}  // namespace heddle
