#pragma once

#include <algorithm>
#include <limits>

#include "framework/parallel.h"
#include "framework/tensor.h"

/// Sums and maxima over a row, for the ops' inner loops. Sixteen running values stand side by side, which a compiler
/// can turn into vector registers without being allowed to reorder sums; they are added in one fixed order at the end.
namespace heddle {

constexpr index_t kLanes = 16;

/// Sum of term(i) over [0, n), in real or another type.
template <class Sum = real, class Term>
inline Sum row_sum(index_t n, const Term& term) {
  Sum lanes[kLanes] = {};
  index_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    for (index_t j = 0; j < kLanes; ++j) lanes[j] += term(i + j);
  }
  for (index_t j = 0; i + j < n; ++j) lanes[j] += term(i + j);
  for (index_t half = kLanes / 2; half > 0; half /= 2) {
    for (index_t j = 0; j < half; ++j) lanes[j] += lanes[j + half];
  }
  return lanes[0];
}

/// Largest x[i] over [0, n); -inf if n is 0. NaN is passed over.
inline real row_max(const real* x, index_t n) {
  real lanes[kLanes];
  for (real& lane : lanes) lane = -std::numeric_limits<real>::infinity();
  index_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    for (index_t j = 0; j < kLanes; ++j) lanes[j] = x[i + j] > lanes[j] ? x[i + j] : lanes[j];
  }
  for (index_t j = 0; i + j < n; ++j) lanes[j] = x[i + j] > lanes[j] ? x[i + j] : lanes[j];
  for (index_t j = 1; j < kLanes; ++j) lanes[0] = lanes[j] > lanes[0] ? lanes[j] : lanes[0];
  return lanes[0];
}

/// Sums over the rows of a matrix: out[c] = sum of term(r, c) over r in [0, rows), for c in [0, width). Rows and
/// columns are cut into fixed blocks, whose sums are added in the order of the rows.
template <class Term>
inline void column_sums(index_t rows, index_t width, real* out, const Term& term) {
  constexpr index_t kRows = 64, kColumns = 256;
  const index_t down = std::max<index_t>(1, (rows + kRows - 1) / kRows), across = (width + kColumns - 1) / kColumns;
  Tensor partial({down > 1 ? down : 0, width});
  real* const sums = down > 1 ? partial.mutable_data() : out;
  parallel_for(down * across, row_grain(down * across, kRows * std::min(width, kColumns)),
               [&](index_t begin, index_t end) {
                 for (index_t block = begin; block < end; ++block) {
                   const index_t row = block / across * kRows, last_row = std::min(rows, row + kRows);
                   const index_t column = block % across * kColumns, last = std::min(width, column + kColumns);
                   real* const to = sums + block / across * width;
                   std::fill(to + column, to + last, real{0});
                   for (index_t r = row; r < last_row; ++r) {
                     for (index_t c = column; c < last; ++c) to[c] += term(r, c);
                   }
                 }
               });
  if (down == 1) return;
  parallel_for(width, row_grain(width, down), [&](index_t begin, index_t end) {
    std::copy(sums + begin, sums + end, out + begin);
    for (index_t p = 1; p < down; ++p) {
      for (index_t c = begin; c < end; ++c) out[c] += sums[p * width + c];
    }
  });
}

}  // namespace heddle
