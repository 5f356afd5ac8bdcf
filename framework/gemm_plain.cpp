// Products by plain loops: of few rows, and the reference.

#include <algorithm>

#include "framework/gemm.h"
#include "framework/profile.h"
#include "framework/rows.h"

namespace heddle {
namespace {

real widened(real value) { return value; }
real widened(bf16_t value) { return from_bf16(value); }

/// c[r, j] = a[r] . b[j] for row j of b, which stays in the first cache while all rows of a pass.
template <class Weight>
void few_rows_column(index_t m, index_t k, const real* a, const Weight* b, real* c, index_t stride) {
  for (index_t r = 0; r < m; ++r)
    c[r * stride] = row_sum(k, [b, x = a + r * k](index_t i) { return widened(b[i]) * x[i]; });
}

}  // namespace

void gemm_few_rows(index_t m, index_t n, index_t k, const real* a, ConstMatrix b, Matrix c, const AfterTile& after) {
  count_flops(2.0 * static_cast<double>(m * n * k));
  parallel_for(n, row_grain(n, k), [&](index_t begin, index_t end) {
    for (index_t j = begin; j < end; ++j) {
      if (b.rounded != nullptr) {
        few_rows_column(m, k, a, b.rounded + j * b.stride, c.data + j, c.stride);
      } else {
        few_rows_column(m, k, a, b.data + j * b.stride, c.data + j, c.stride);
      }
    }
    if (after) after(0, begin, m, end - begin);
  });
}

void gemm_reference(index_t m, index_t n, index_t k, ConstMatrix a, ConstMatrix b, Matrix c, real beta) {
  for (index_t i = 0; i < m; ++i) {
    for (index_t j = 0; j < n; ++j) c.data[i * c.stride + j] = beta == 0 ? real{0} : c.data[i * c.stride + j] * beta;
  }
  for (index_t i = 0; i < m; ++i) {
    for (index_t p = 0; p < k; ++p) {
      const real factor = a.transposed ? a.data[p * a.stride + i] : a.data[i * a.stride + p];
      real* const out = c.data + i * c.stride;
      if (b.transposed) {
        for (index_t j = 0; j < n; ++j) out[j] += factor * b.data[j * b.stride + p];
      } else {
        for (index_t j = 0; j < n; ++j) out[j] += factor * b.data[p * b.stride + j];
      }
    }
  }
}

}  // namespace heddle
