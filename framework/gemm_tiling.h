#pragma once

#include <algorithm>
#include <array>
#include <limits>
#include <span>
#include <type_traits>
#include <utility>

#include "framework/parallel.h"

namespace heddle {

/// How a product is cut into tiles, one a task: a function of the sizes and the operands' layouts alone. Of the grids
/// that cut both edges evenly it is the one that is best, by a rough reckoning, on 2, 16 and 32 threads alike: the
/// product of the times that they would take is least. So a grid of 16 or 32 tiles wins over one of 24, which leaves
/// half of 16 threads idle for half the time, and what is not worth 16 tasks is not cut.
class Tiling {
 public:
  Tiling(index_t m, index_t n, index_t k, bool a_transposed, bool b_transposed) {
    // In multiplications: what oneDNN takes to copy, for each tile anew, a row of a and a column of b into its own
    // order, transposed ones twice that; what a task takes; and what a loop takes longer for each thread.
    const index_t a_row = a_transposed ? 96 : 48, b_column = b_transposed ? 128 : 64;
    constexpr index_t kTask = index_t{1} << 17, kLoop = index_t{1} << 15;
    const Edges down(m), across(n);
    double least = std::numeric_limits<double>::infinity();
    for (const Edge& height : down.span()) {
      for (const Edge& width : across.span()) {
        const auto tile = static_cast<double>(
            k * (height.length * width.length + a_row * height.length + b_column * width.length) + kTask);
        const index_t tiles = height.tiles * width.tiles;
        const auto time_on = [&]<index_t kThreads>(std::integral_constant<index_t, kThreads>) {
          const index_t rounds = (tiles + kThreads - 1) / kThreads;
          return static_cast<double>(rounds) * tile + static_cast<double>(tiles > 1 ? kThreads * kLoop : 0);
        };
        const double time = time_on(std::integral_constant<index_t, 2>()) *
                            time_on(std::integral_constant<index_t, 16>()) *
                            time_on(std::integral_constant<index_t, 32>());
        if (time >= least) continue;
        least = time;
        rows_ = height;
        columns_ = width;
      }
    }
  }

  index_t rows() const { return rows_.length; }  ///< of a tile, but for the last ones
  index_t columns() const { return columns_.length; }
  index_t down() const { return rows_.tiles; }  ///< tiles
  index_t across() const { return columns_.tiles; }

 private:
  struct Edge {
    index_t length = 0, tiles = 0;
  };
  /// The lengths into which an edge may be cut: into 1, 2, 3, 4, 6, 8, 12, ... parts of whole vector registers, none
  /// longer than kLongest, as a tile's operands should stay in a core's cache.
  class Edges {
   public:
    explicit Edges(index_t size) {
      for (index_t parts = 1, previous = 1, last = 0; last != std::min(size, kRegister);) {
        const index_t length = std::min(size, ((size + parts - 1) / parts + kRegister - 1) / kRegister * kRegister);
        if (length <= kLongest && length != last) {
          all_[count_++] = {length, (size + length - 1) / length};
          last = length;
        }
        previous = std::exchange(parts, parts < 3 ? parts + 1 : 2 * previous);
      }
    }
    std::span<const Edge> span() const { return std::span(all_).first(count_); }

   private:
    static constexpr index_t kRegister = 16, kLongest = 256;
    std::array<Edge, kLongest / kRegister + 1> all_;
    std::size_t count_ = 0;
  };

  Edge rows_, columns_;
};

}  // namespace heddle
