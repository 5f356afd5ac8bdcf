#pragma once

#include <algorithm>
#include <span>
#include <string>
#include <vector>

#include "framework/tensor.h"

namespace heddle {

/// Targets of this value do not count in a loss.
constexpr IdTensor::value_type kIgnore = -1;

/// What a model is shown at once: B rows. A member that a kind of data does not have is undefined.
struct Batch {
  IdTensor inputs;         ///< tokens [B, T]
  IdTensor segments;       ///< which of the parts of its row each input belongs to [B, T], from 0; none: all to one
  Tensor features;         ///< numbers [B, ...]: pixels of images [B, C, H, W], columns of a table [B, F], frames of
                           ///< sound [B, T, F]
  IdTensor targets;        ///< what is to be predicted: the token after each input [B, T], or a class a row [B]
  Tensor mask;             ///< [B, T]: 0 where an input or a frame is padding; none: nowhere
  IdTensor source;         ///< the other side of a pair: tokens [B, S]
  Tensor source_mask;      ///< [B, S]: 0 where it is padding
  index_t first_row = 0;   ///< number of the first row in the run: what the random numbers of its rows go by
  bool continues = false;  ///< each row goes on where the same row of the step before ended

  index_t rows() const { return features.defined() ? features.size(0) : inputs.size(0); }
  /// Inputs: tokens, of both sides of pairs, or rows of numbers.
  index_t inputs_shown() const { return features.defined() ? rows() : inputs.numel() + source.numel(); }
  /// Targets that count.
  index_t count() const {
    index_t counted = 0;
    for (index_t i = 0; i < targets.numel(); ++i) counted += targets[i] != kIgnore ? 1 : 0;
    return counted;
  }
};

/// The targets that count [N], and their places, counted through the rows: t of row b is b T + t.
struct CountedTargets {
  explicit CountedTargets(const IdTensor& targets) {
    std::vector<IdTensor::value_type> at, counted;
    for (index_t i = 0; i < targets.numel(); ++i) {
      if (targets[i] == kIgnore) continue;
      at.push_back(static_cast<IdTensor::value_type>(i));
      counted.push_back(targets[i]);
    }
    const Shape shape{std::ssize(at)};
    places = IdTensor(std::move(at), shape);
    values = IdTensor(std::move(counted), shape);
  }
  IdTensor places, values;
};

/// Rows of tokens side by side, [B, T] with T the length of the longest, and where in it they are tokens: 1, behind a
/// row's end 0.
struct PaddedRows {
  IdTensor tokens;
  Tensor mask;
};
inline PaddedRows side_by_side(std::span<const std::vector<IdTensor::value_type>> rows,
                               IdTensor::value_type padding = 0) {
  std::size_t longest = 0;
  for (const auto& row : rows) longest = std::max(longest, row.size());
  const Shape shape{std::ssize(rows), static_cast<index_t>(longest)};
  PaddedRows padded{IdTensor(shape), Tensor::zeros(shape)};
  std::fill_n(padded.tokens.data(), shape.numel(), padding);
  for (std::size_t i = 0; i < rows.size(); ++i) {
    std::copy(rows[i].begin(), rows[i].end(), padded.tokens.data() + i * longest);
    std::fill_n(padded.mask.mutable_data() + i * longest, rows[i].size(), real{1});
  }
  return padded;
}

/// What a model must know of its data to be built.
struct DataSpec {
  std::vector<std::string> tokens{};         ///< the bytes of each token, by id
  std::vector<std::int64_t> token_counts{};  ///< how often each was seen, where the tokenizer counted
  Shape features{};                          ///< of one row of numbers; an axis of 0: of any length
  std::vector<std::string> labels{};         ///< names of the classes
};

}  // namespace heddle
