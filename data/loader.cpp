#include "data/loader.h"

#include <algorithm>

namespace heddle {
namespace {

/// Row `row` of the batch from `count` tokens at `begin`, and as many from the next one on.
void fill_row(Batch& batch, index_t row, const Tokens& tokens, index_t begin, index_t count) {
  const index_t width = batch.inputs.size(1);
  const auto from = static_cast<std::size_t>(begin), n = static_cast<std::size_t>(count);
  tokens.copy(from, n, batch.inputs.data() + row * width);
  tokens.copy(from + 1, n, batch.targets.data() + row * width);
}

}  // namespace

Batch train_batch(const Tokens& tokens, index_t block_size, index_t rows, index_t first_row, const Rng& rng) {
  const auto places = static_cast<index_t>(tokens.size()) - block_size;
  ensure(places > 0, "train batch: ", tokens.size(), " tokens hold no window of ", block_size,
         " and the token after it");
  Batch batch{IdTensor({rows, block_size}), IdTensor({rows, block_size})};
  for (index_t row = 0; row < rows; ++row) {
    const auto begin = rng.below(static_cast<std::uint64_t>(places), static_cast<std::uint64_t>(first_row + row));
    fill_row(batch, row, tokens, static_cast<index_t>(begin), block_size);
  }
  return batch;
}

index_t eval_windows(const Tokens& tokens, index_t block_size) {
  const auto predictions = static_cast<index_t>(tokens.size()) - 1;
  return predictions <= 0 ? 0 : (predictions + block_size - 1) / block_size;
}

Batch eval_batch(const Tokens& tokens, index_t block_size, index_t first, index_t rows) {
  ensure(first >= 0 && rows >= 0 && first + rows <= eval_windows(tokens, block_size), "evaluation batch: windows ",
         first, " .. ", first + rows, " of ", eval_windows(tokens, block_size));
  Batch batch{IdTensor({rows, block_size}), IdTensor({rows, block_size})};
  std::fill_n(batch.targets.data(), batch.targets.numel(), kIgnore);
  for (index_t row = 0; row < rows; ++row) {
    const index_t begin = (first + row) * block_size;
    fill_row(batch, row, tokens, begin, std::min(block_size, static_cast<index_t>(tokens.size()) - 1 - begin));
  }
  return batch;
}

}  // namespace heddle
