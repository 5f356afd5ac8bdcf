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

/// Sums over the rows of a matrix: out[c] = sum of term(r, c) over r in [0, rows), for c in [0, width). Rows are cut
/// into fixed chunks whose partial sums are added in order, so columns and rows are both used for parallelism.
template <class Term>
inline void column_sums(index_t rows, index_t width, real* out, const Term& term) {
  constexpr index_t kRows = 64;
  const index_t chunks = rows > 0 ? (rows + kRows - 1) / kRows : 0;
  if (chunks <= 1) {
    std::fill_n(out, width, real{0});
    for (index_t r = 0; r < rows; ++r) {
      for (index_t c = 0; c < width; ++c) out[c] += term(r, c);
    }
    return;
  }
  Tensor partial({chunks, width});
  real* const sums = partial.mutable_data();
  parallel_for(chunks, std::max<index_t>(1, row_grain(width) / kRows), [&](index_t begin, index_t end) {
    for (index_t p = begin; p < end; ++p) {
      real* const to = sums + p * width;
      std::fill_n(to, width, real{0});
      for (index_t r = p * kRows; r < std::min(rows, (p + 1) * kRows); ++r) {
        for (index_t c = 0; c < width; ++c) to[c] += term(r, c);
      }
    }
  });
  parallel_for(width, row_grain(chunks), [&](index_t begin, index_t end) {
    std::copy(sums + begin, sums + end, out + begin);
    for (index_t p = 1; p < chunks; ++p) {
      for (index_t c = begin; c < end; ++c) out[c] += sums[p * width + c];
    }
  });
}

}  // namespace heddle
