#pragma once

#include <string>
#include <vector>

#include "models/model.h"

/// What models that tell classes have in common.
namespace heddle {

/// Mean cross-entropy of scores [B, K] with the batch's classes, over `divisor` rows.
Loss class_loss(const Tensor& scores, const Batch& batch, index_t divisor);
/// The mean of each row's tokens: x [B, T, C], mask [B, T] with 0 where there is padding, undefined where there is none
/// -> [B, C]. Of a row without a token 0.
Tensor mean_of_tokens(const Tensor& x, const Tensor& mask);
/// A list of widths, as a config has it: "128, 64". Errors: what is no number from 1 to 100000, naming `key`.
std::vector<index_t> parse_widths(const std::vector<std::string>& list, const char* key);
/// Standard deviation of first weights before a relu: sqrt(2 / inputs).
double relu_stddev(index_t inputs);

}  // namespace heddle
