#pragma once

#include <functional>

#include "framework/tensor.h"

namespace heddle {

/// One operand of a product: the first element, the distance of rows in memory, and whether it is read transposed.
template <class T>
struct MatrixOf {
  T* data;
  index_t stride;           ///< elements from one row in memory to the next
  bool transposed = false;  ///< the product reads the stored matrix with rows and columns swapped
};
/// One that is only read. Where its elements have been rounded to bf16 before, `rounded` holds them, laid out as at
/// `data`: products of bf16 read those, and need no `data`.
struct ConstMatrix : MatrixOf<const real> {
  const bf16_t* rounded = nullptr;
};
using Matrix = MatrixOf<real>;

/// What the operands of products are rounded to; sums are f32 either way.
enum class Precision { f32, bf16 };
/// Whether the processor multiplies bf16 numbers natively. Elsewhere bf16 is right, but slower than f32.
bool bf16_supported();
/// Whether products read rounded copies now, so that making them once saves work: bf16 is chosen and native.
bool rounds_operands();
/// The elements of x as products read them: rounded, where they read rounded copies; else undefined.
inline Bf16Tensor rounded_operand(const Tensor& x) { return rounds_operands() ? Bf16Tensor(x) : Bf16Tensor(); }
/// The precision of all products from here on; f32 at first.
void set_gemm_precision(Precision precision);
Precision gemm_precision();
/// While one of these lives, products have another precision.
class PrecisionGuard {
 public:
  explicit PrecisionGuard(Precision precision) : before_(gemm_precision()) { set_gemm_precision(precision); }
  ~PrecisionGuard() { set_gemm_precision(before_); }
  PrecisionGuard(const PrecisionGuard&) = delete;
  PrecisionGuard& operator=(const PrecisionGuard&) = delete;

 private:
  Precision before_;
};

/// What a tile's task does when its part of the product is done and still in the cache: first row, first column, and
/// how many there are.
using AfterTile = std::function<void(index_t row, index_t column, index_t rows, index_t columns)>;

/// c[m, n] = a[m, k] * b[k, n] + beta * c, in parallel tiles whose cuts depend on m, n, k alone, so that the bits do
/// not depend on the number of threads. beta = 0 does not read c. Row-major; a transposed operand is stored [k, m] or
/// [n, k]. `after` is called for every tile.
void gemm(index_t m, index_t n, index_t k, ConstMatrix a, ConstMatrix b, Matrix c, real beta = 0,
          const AfterTile& after = {});

/// The same in the calling thread alone, for use inside a parallel loop (heads of attention).
void gemm_serial(index_t m, index_t n, index_t k, ConstMatrix a, ConstMatrix b, Matrix c, real beta = 0);

/// c[m, n] = a[m, k] * b[n, k]^T for the few rows that come when text is written token by token: a is read as it is,
/// and each number of b comes from memory once, as bf16 where b holds those. No operand is rounded here.
constexpr index_t kFewRows = 8;
void gemm_few_rows(index_t m, index_t n, index_t k, const real* a, ConstMatrix b, Matrix c,
                   const AfterTile& after = {});

/// The same by three plain loops: the reference the fast one is tested against, and the one that double uses.
void gemm_reference(index_t m, index_t n, index_t k, ConstMatrix a, ConstMatrix b, Matrix c, real beta = 0);

}  // namespace heddle
