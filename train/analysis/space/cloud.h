#pragma once

#include <vector>

#include "framework/tensor.h"

/// How vectors, the rows of x [N, D], lie in their space.
namespace heddle {

/// Lengths of the rows.
struct Norms {
  double mean, deviation;  ///< the deviation over N
};
Norms norms(const Tensor& x);

/// Mean cosine of all pairs of rows: what a random pair's is to be expected: 0 of vectors in all directions alike, near
/// 1 where they lie in a narrow cone (Ethayarajh, "How Contextual are Contextualized Word Representations?", 2019).
/// Rows of zeros are left out; NaN of fewer than two others.
double mean_cosine(const Tensor& x);

/// The `count` dimensions of greatest mean square, the greatest first; of equals the first. These may decide nearly all
/// of a cosine (Timkey and van Schijndel, "All Bark and No Bite: Rogue Dimensions in Transformer Language Models
/// Obscure Representational Quality", 2021). Errors: more than D.
std::vector<index_t> dominant_dimensions(const Tensor& x, index_t count);
/// x with zeros in these dimensions.
Tensor without_dimensions(const Tensor& x, const std::vector<index_t>& dimensions);

/// (tr C)^2 / tr C^2 of the covariance C of the rows: over how many directions their variance is spread, D where alike,
/// 1 where there is one. NaN where all rows are equal.
double participation_ratio(const Tensor& x);

}  // namespace heddle
