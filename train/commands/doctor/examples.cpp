#include "train/commands/doctor/examples.h"

#include <algorithm>
#include <string_view>

#include "data/sampler.h"
#include "framework/hash.h"

namespace heddle {
namespace {

using Ids = std::vector<std::int32_t>;

/// Appends row r of tokens where `mask`, if there is one, says that they are tokens.
void append_row(Ids& to, const IdTensor& tokens, const Tensor& mask, index_t r, index_t length) {
  const index_t width = tokens.size(1);
  for (index_t t = 0; t < length; ++t) {
    if (!mask.defined() || mask.data()[r * width + t] != 0) to.push_back(tokens[r * width + t]);
  }
}

/// How many of a row's inputs are there, where what lies behind a text's end is told by targets that do not count.
index_t length_of(const Batch& batch, index_t r) {
  const index_t width = batch.inputs.size(1);
  index_t length = width;
  if (batch.targets.numel() > 0 && batch.targets.ndim() == 2 && batch.targets.size(1) == width && !batch.mask.defined())
    while (length > 0 && batch.targets[r * width + length - 1] == kIgnore) --length;
  return length;
}

Example example_of(const Batch& batch, index_t r) {
  Example example;
  if (batch.source.numel() > 0) append_row(example.tokens, batch.source, batch.source_mask, r, batch.source.size(1));
  if (batch.inputs.numel() > 0) append_row(example.tokens, batch.inputs, batch.mask, r, length_of(batch, r));
  if (batch.features.defined()) {
    // frames behind a sound's end hang on what it shares a batch with
    const bool frames = batch.mask.defined() && batch.inputs.numel() == 0;
    const index_t size = batch.features.numel() / batch.rows();
    index_t used = size;
    if (frames) {
      const index_t longest = batch.mask.size(1);
      index_t length = longest;
      while (length > 0 && batch.mask.data()[r * longest + length - 1] == 0) --length;
      used = size / longest * length;
    }
    example.features = fnv1a({reinterpret_cast<const char*>(batch.features.data() + r * size),
                              static_cast<std::size_t>(used) * sizeof(real)});
  }
  if (batch.targets.numel() > 0 && batch.targets.ndim() == 1) example.label = batch.targets[r];
  return example;
}

/// Puts the row's numbers into `to`, of which there are `width`.
void put_vector(const Batch& batch, index_t r, real* to, index_t width) {
  if (!batch.features.defined()) {
    for (const std::int32_t id : example_of(batch, r).tokens)
      ++to[fnv1a({reinterpret_cast<const char*>(&id), sizeof(id)}) % static_cast<std::uint64_t>(width)];
    return;
  }
  const index_t size = batch.features.numel() / batch.rows();
  const real* const from = batch.features.data() + r * size;
  if (batch.mask.defined()) {
    const index_t frames = batch.mask.size(1);
    real count = 0;
    for (index_t t = 0; t < frames; ++t) {
      const real there = batch.mask.data()[r * frames + t];
      count += there;
      for (index_t d = 0; d < width; ++d) to[d] += there * from[t * width + d];
    }
    for (index_t d = 0; d < width; ++d) to[d] /= std::max(count, real{1});
    return;
  }
  for (index_t i = 0; i < size; ++i)
    to[i * width / size] += from[i] * static_cast<real>(width) / static_cast<real>(size);
}

index_t width_of(const Batch& batch, index_t width) {
  if (!batch.features.defined()) return width;
  const index_t size = batch.features.numel() / batch.rows();
  return batch.mask.defined() ? size / batch.mask.size(1) : std::min(size, width);
}

}  // namespace

std::vector<Example> read_examples(const Dataset& dataset, Split split, index_t first, index_t count) {
  const Batch batch = get_examples(dataset, split, first, count);
  std::vector<Example> all;
  for (index_t r = 0; r < count; ++r) all.push_back(example_of(batch, r));
  return all;
}

std::vector<index_t> spread_over(index_t begin, index_t end, index_t most) {
  std::vector<index_t> numbers;
  const index_t all = end - begin, count = std::min(all, most);
  for (index_t i = 0; i < count; ++i) numbers.push_back(begin + i * all / count);
  return numbers;
}

ExampleVectors vectors_of(const Dataset& dataset, Split split, const std::vector<index_t>& numbers, index_t width) {
  ExampleVectors found;
  index_t at = 0;
  for (const index_t number : numbers) {
    const Batch batch = get_examples(dataset, split, number, 1);
    if (!found.vectors.defined()) found.vectors = Tensor::zeros({std::ssize(numbers), width_of(batch, width)});
    const index_t dimensions = found.vectors.size(1);
    put_vector(batch, 0, found.vectors.mutable_data() + at++ * dimensions, dimensions);
    found.labels.push_back(example_of(batch, 0).label);
  }
  return found;
}

}  // namespace heddle
