#pragma once

#include <cstdint>
#include <vector>

#include "data/dataset.h"
#include "framework/tensor.h"

namespace heddle {

/// What an example holds, whatever its kind.
struct Example {
  std::vector<std::int32_t> tokens;  ///< of both sides of a pair, without padding
  std::uint64_t features = 0;        ///< hash of its numbers; 0: it has none
  int label = -1;                    ///< its class; -1: examples have none
};

/// Examples of a split, from number `first` on.
std::vector<Example> read_examples(const Dataset& dataset, Split split, index_t first, index_t count);
/// Numbers of at most `most` of the examples [begin, end), evenly spread.
std::vector<index_t> spread_over(index_t begin, index_t end, index_t most);

/// An example as a vector: its numbers, those of many means of neighbours, those of frames their mean; or how often
/// each of its tokens comes, tokens dealt out to as many places by a hash; at most `width` dimensions.
struct ExampleVectors {
  Tensor vectors;  ///< [N, D]
  std::vector<int> labels;
};
/// Of the examples with these numbers. Errors: those of Dataset::get.
ExampleVectors vectors_of(const Dataset& dataset, Split split, const std::vector<index_t>& numbers, index_t width);

}  // namespace heddle
