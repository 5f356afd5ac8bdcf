#pragma once

#include <algorithm>
#include <limits>
#include <tuple>
#include <utility>

#include "framework/parallel.h"

namespace heddle {

/// How a product is cut into tiles, one a task: a function of the sizes and the operands' layouts alone. Of the grids
/// that cut both edges evenly, it is the one that takes least time by a rough reckoning: the sum of what it would take
/// on 2, 16 and 32 threads, in threads x seconds, so that a grid of 16 or 32 tiles wins over one of 24, which leaves
/// half of 16 threads idle for half the time.
struct Tiling {
  Tiling(index_t m, index_t n, index_t k, bool a_transposed, bool b_transposed) {
    // In multiplications: what oneDNN takes to copy, for each tile anew, a row of a and a column of b into its own
    // order, transposed ones twice that; and what a task takes.
    const index_t a_row = a_transposed ? 96 : 48, b_column = b_transposed ? 128 : 64;
    constexpr index_t kTask = index_t{1} << 17;
    double least = std::numeric_limits<double>::infinity();
    for_edges(m, [&](index_t height, index_t down) {
      for_edges(n, [&](index_t width, index_t across) {
        const auto tile = static_cast<double>(k * (height * width + a_row * height + b_column * width) + kTask);
        double time = 0;
        for (const index_t threads : {2, 16, 32})
          time += static_cast<double>((down * across + threads - 1) / threads * threads) * tile;
        if (time < least) std::tie(least, rows, columns) = std::tuple(time, height, width);
      });
    });
  }
  index_t tiles_down(index_t m) const { return (m + rows - 1) / rows; }
  index_t tiles_across(index_t n) const { return (n + columns - 1) / columns; }

  index_t rows = 0, columns = 0;

 private:
  /// Calls use(length, tiles) for the lengths into which an edge is cut: into 1, 2, 3, 4, 6, 8, 12, ... parts of whole
  /// vector registers, none longer than kLongest, as a tile's operands should stay in a core's cache.
  template <class Use>
  static void for_edges(index_t size, const Use& use) {
    constexpr index_t kRegister = 16, kLongest = 256;
    for (index_t parts = 1, previous = 1, last = 0; last != std::min(size, kRegister);) {
      const index_t length = std::min(size, ((size + parts - 1) / parts + kRegister - 1) / kRegister * kRegister);
      if (length <= kLongest && length != last) use(last = length, (size + length - 1) / length);
      previous = std::exchange(parts, parts < 3 ? parts + 1 : 2 * previous);
    }
  }
};

}  // namespace heddle
