#pragma once

#include "data/batch.h"
#include "data/text/tokens.h"
#include "framework/rng.h"

namespace heddle {

/// `rows` windows of block_size tokens at random places, each with the tokens that follow. Row number r of a run (rows
/// are counted through all its steps) begins at rng.below(tokens - block_size, r): a pure function of seed and row, so
/// two batches of 4 hold the rows of one of 8, and a resumed run goes on where it stopped. The tokens must be more than
/// block_size.
Batch train_batch(const Tokens& tokens, index_t block_size, index_t rows, index_t first_row, const Rng& rng);

/// `rows` windows of passes over all of the tokens: row number r of a run is one of the eval_windows of pass
/// r / eval_windows, each pass in an order of its own. The text's last window is filled up as in eval_batch. A pure
/// function of seed and row too.
Batch pass_batch(const Tokens& tokens, index_t block_size, index_t rows, index_t first_row, const Rng& rng);

/// Number of windows of block_size that, side by side, predict every token after the first once.
index_t eval_windows(const Tokens& tokens, index_t block_size);

/// `rows` of those windows from number `first` on. The last window of all is filled up with inputs of 0 and targets of
/// kIgnore.
Batch eval_batch(const Tokens& tokens, index_t block_size, index_t first, index_t rows);

}  // namespace heddle
