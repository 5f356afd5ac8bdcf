#include "data/text/loader.h"

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

/// Where `place` of 0 .. count - 1 lies in an order that `rng` decides: a Feistel network permutes the numbers of an
/// even number of bits, and is walked until it comes to one below count.
index_t shuffled(index_t place, index_t count, const Rng& rng) {
  unsigned half = 1;
  while ((index_t{1} << (2 * half)) < count) ++half;
  const std::uint64_t mask = (std::uint64_t{1} << half) - 1;
  auto number = static_cast<std::uint64_t>(place);
  do {
    std::uint64_t left = number >> half, right = number & mask;
    for (std::uint64_t round = 0; round < 4; ++round) {
      const std::uint64_t mixed = left ^ (rng.fork(round).bits(right) & mask);
      left = right;
      right = mixed;
    }
    number = left << half | right;
  } while (number >= static_cast<std::uint64_t>(count));
  return static_cast<index_t>(number);
}

/// Row `row` becomes window number `window`: what is after the tokens stays as it is.
void fill_window(Batch& batch, index_t row, const Tokens& tokens, index_t window) {
  const index_t width = batch.inputs.size(1), begin = window * width;
  fill_row(batch, row, tokens, begin, std::min(width, static_cast<index_t>(tokens.size()) - 1 - begin));
}

Batch ignored_batch(index_t rows, index_t block_size) {
  Batch batch{IdTensor({rows, block_size}), IdTensor({rows, block_size})};
  std::fill_n(batch.targets.data(), batch.targets.numel(), kIgnore);
  return batch;
}

}  // namespace

Batch pass_batch(const Tokens& tokens, index_t block_size, index_t rows, index_t first_row, const Rng& rng) {
  const index_t windows = eval_windows(tokens, block_size);
  ensure(windows > 0, "pass batch: ", tokens.size(), " tokens hold no window");
  Batch batch = ignored_batch(rows, block_size);
  for (index_t row = 0; row < rows; ++row) {
    const index_t number = first_row + row;
    const Rng order = rng.fork(static_cast<std::uint64_t>(number / windows));
    fill_window(batch, row, tokens, shuffled(number % windows, windows, order));
  }
  return batch;
}

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
  Batch batch = ignored_batch(rows, block_size);
  for (index_t row = 0; row < rows; ++row) fill_window(batch, row, tokens, first + row);
  return batch;
}

}  // namespace heddle
