#pragma once

#include "data/dataset.h"

namespace heddle {

/// The [data] section of builtin:repeats: rows of random tokens that are said again and again, which show whether a
/// model can look up what followed a token the last time (Elhage et al., 2021; Olsson et al., 2022: induction).
///
/// A row's first tokens, a period of them, are all different, drawn among the 256 bytes; behind them they come again,
/// in the same order. The period is drawn anew for each row, so that where to look cannot be learned by counting
/// places. A token counts as a target where the one before it stood in the row before: its own was the one that
/// followed it.
struct RepeatsConfig final : DataConfig {
  std::int64_t size = 65536, min_period = 16, max_period = 64;

  std::vector<Key> keys() override;
  /// Rows are functions of the seed and their number. Errors: paths of files; a longest period below the shortest, or
  /// of which a row of options.block_size tokens holds no repetition; a model without a block_size; a split without a
  /// row.
  std::unique_ptr<Dataset> load(const LoadOptions& options) const override;
};

}  // namespace heddle
