#pragma once

#include <array>
#include <functional>
#include <memory>
#include <string>

#include "framework/names.h"
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
constexpr auto names_of(Precision) { return std::array{Named{Precision::bf16, "bf16"}, Named{Precision::f32, "f32"}}; }
/// Whether the processor multiplies bf16 numbers natively. Elsewhere bf16 is right, but slower than f32.
bool bf16_supported();
/// The instructions that products use here, and those that this library was compiled for, as "AVX-512 with bf16,
/// compiled for AVX-512".
std::string instruction_set();
/// What multiplies: "oneDNN 2.7.2".
std::string gemm_library();
/// Whether products of this precision read rounded copies, so that making them once saves work: native bf16.
bool reads_bf16(Precision precision);
/// The elements of x as such products read them: rounded, once for several products; undefined where they read x.
inline Bf16Tensor rounded_operand(const Tensor& x, Precision precision) {
  if (!reads_bf16(precision)) return {};
  const Bf16Tensor kept = x.current_bf16();
  return kept.defined() ? kept : Bf16Tensor(x);
}
/// The same of a parameter: kept beside it until its elements are written.
inline Bf16Tensor rounded_parameter(const Tensor& w, Precision precision) {
  return reads_bf16(precision) ? w.kept_bf16() : Bf16Tensor();
}

/// What a tile's task does when its part of the product is done and still in the cache: first row, first column, and
/// how many there are.
using AfterTile = std::function<void(index_t row, index_t column, index_t rows, index_t columns)>;

/// c[m, n] = a[m, k] * b[k, n] + beta * c, in parallel tiles whose cuts depend on m, n, k alone, so that the bits do
/// not depend on the number of threads. beta = 0 does not read c. Row-major; a transposed operand is stored [k, m] or
/// [n, k]. `after` is called for every tile.
void gemm(index_t m, index_t n, index_t k, ConstMatrix a, ConstMatrix b, Matrix c, Precision precision = Precision::f32,
          real beta = 0, const AfterTile& after = {});

/// c[m, n] = a[m, k] * b[k, n]
struct MatrixProduct {
  index_t m, n, k;
  ConstMatrix a, b;
  Matrix c;
};
/// Two products, neither of which reads what the other writes, with the bits of one after the other: their tiles are
/// shared out together, so that no thread waits between them.
void gemm_both(const MatrixProduct& one, const MatrixProduct& other, Precision precision);

/// The same as gemm in the calling thread alone, for use inside a parallel loop (heads of attention).
void gemm_serial(index_t m, index_t n, index_t k, ConstMatrix a, ConstMatrix b, Matrix c,
                 Precision precision = Precision::f32, real beta = 0);
/// The right operand [k, n] of products that come one after another with few rows each, as the steps of a recurrent
/// layer do: its elements in the order in which those read them, rounded where the precision says so. Laying them out
/// takes about as long as the product with four rows.
class PackedMatrix {
 public:
  PackedMatrix(index_t k, index_t n, ConstMatrix b, Precision precision);

 private:
  friend void gemm_packed(index_t m, ConstMatrix a, const PackedMatrix& b, Matrix c);
  struct Layout;  // oneDNN's

  index_t k_, n_;
  Precision precision_;
  Tensor full_;
  Bf16Tensor half_;
  std::shared_ptr<const Layout> layout_;  ///< null: row by row
};
/// c[m, n] = a[m, k] * b in the calling thread alone. The rows of a, and those of c, lie right beside each other:
/// others oneDNN would multiply by a plain loop, a thousand times slower. Errors: rows that do not, a transposed.
void gemm_packed(index_t m, ConstMatrix a, const PackedMatrix& b, Matrix c);

/// How many of oneDNN's primitives have been made so far for products of bf16 or of packed matrices. Each thread keeps
/// those that it used last, some hundreds, so that a steady training step makes none.
std::size_t primitives_made();

/// c[m, n] = a[m, k] * b[n, k]^T for the few rows that come when text is written token by token: a is read as it is,
/// and each number of b comes from memory once, as bf16 where b holds those. No operand is rounded here.
constexpr index_t kFewRows = 8;
void gemm_few_rows(index_t m, index_t n, index_t k, const real* a, ConstMatrix b, Matrix c,
                   const AfterTile& after = {});

/// The same by three plain loops: the reference the fast one is tested against, and the one that double uses.
void gemm_reference(index_t m, index_t n, index_t k, ConstMatrix a, ConstMatrix b, Matrix c, real beta = 0);

}  // namespace heddle
