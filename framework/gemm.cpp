#include "framework/gemm.h"

#include <omp.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <dnnl.hpp>
#include <map>
#include <type_traits>
#include <utility>

#include "framework/check.h"
#include "framework/profile.h"
#include "framework/rows.h"

namespace heddle {
namespace {

std::atomic<std::size_t> primitives{0};

/// How a product is cut into tiles, one a task. A function of the sizes alone.
struct Tiling {
  Tiling(index_t m, index_t n, index_t k) : rows(edge(m, 256)), columns(edge(n, 256)) {
    // Large tiles use the processor best, but a small product must still be shared out: halve the longer side until
    // there is a tile for each of 16 threads, or until tiles are not worth a task of their own.
    constexpr index_t kTiles = 16, kSmallest = 64, kWork = index_t{1} << 19;
    while (tiles_down(m) * tiles_across(n) < kTiles && std::max(rows, columns) > kSmallest &&
           rows * columns * k > kWork) {
      if (rows >= columns) {
        rows = edge(m, rows / 2);
      } else {
        columns = edge(n, columns / 2);
      }
    }
  }
  index_t tiles_down(index_t m) const { return (m + rows - 1) / rows; }
  index_t tiles_across(index_t n) const { return (n + columns - 1) / columns; }

  index_t rows, columns;

 private:
  /// The edge, at most `largest`, that cuts `size` evenly into whole vector registers.
  static index_t edge(index_t size, index_t largest) {
    largest = std::max<index_t>(largest, 16);
    const index_t chunks = (size + largest - 1) / largest;
    return std::min(size, ((size + chunks - 1) / chunks + 15) / 16 * 16);
  }
};

template <class T>
MatrixOf<T> at(MatrixOf<T> matrix, index_t row, index_t column) {
  matrix.data += matrix.transposed ? column * matrix.stride + row : row * matrix.stride + column;
  return matrix;
}

/// Calls tile(row, column, m, n, a, b, c) for every tile of the product, in parallel.
template <class A, class Tile>
void for_tiles(index_t m, index_t n, index_t k, MatrixOf<A> a, MatrixOf<A> b, Matrix c, const Tile& tile) {
  const Tiling cut(m, n, k);
  const index_t across = cut.tiles_across(n);
  parallel_for(cut.tiles_down(m) * across, 1, [&](index_t begin, index_t end) {
    for (index_t i = begin; i < end; ++i) {
      const index_t row = i / across * cut.rows, column = i % across * cut.columns;
      tile(row, column, std::min(cut.rows, m - row), std::min(cut.columns, n - column), at(a, row, 0), at(b, 0, column),
           at(c, row, column));
    }
  });
}

/// oneDNN runs inside our tasks, so its own threads are held to one in every thread that calls it.
void hold_to_one_thread() {
  thread_local const bool held = [] {
    omp_set_num_threads(1);
    return true;
  }();
  (void)held;
}

void scale(index_t m, index_t n, Matrix c, real beta) {
  for (index_t i = 0; i < m; ++i) {
    for (index_t j = 0; j < n; ++j) c.data[i * c.stride + j] = beta == 0 ? real{0} : c.data[i * c.stride + j] * beta;
  }
}

/// One tile in this thread: by oneDNN for float, by plain loops for double.
template <class T>
void product(index_t m, index_t n, index_t k, MatrixOf<const T> a, MatrixOf<const T> b, MatrixOf<T> c, T beta) {
  if constexpr (std::is_same_v<T, float>) {
    hold_to_one_thread();
    const auto status = dnnl_sgemm(a.transposed ? 'T' : 'N', b.transposed ? 'T' : 'N', m, n, k, 1.0F, a.data, a.stride,
                                   b.data, b.stride, beta, c.data, c.stride);
    ensure(status == dnnl_success, "gemm: oneDNN failed with status ", static_cast<int>(status), " on ", m, " x ", n,
           " x ", k);
  } else {
    gemm_reference(m, n, k, {a}, {b}, c, beta);
  }
}

using Bf16Matrix = MatrixOf<const bf16_t>;

/// A matmul primitive of oneDNN's and the memory that it works on.
struct Primitive {
  dnnl::matmul matmul;
  dnnl::memory a, b, c;
};

/// The primitives of one thread by shape. Two generations of at most kGeneration each: what is used comes into the
/// young one; when that is full, it becomes the old one, and what the old one still held has not been used for long.
class PrimitiveCache {
 public:
  /// Sizes, strides, which operands are transposed, the bits of beta.
  using Key = std::array<index_t, 9>;

  template <class Make>
  Primitive& find_or_make(const Key& key, const Make& make) {
    if (const auto found = young_.find(key); found != young_.end()) return found->second;
    auto aged = old_.extract(key);
    if (young_.size() == kGeneration) old_ = std::exchange(young_, {});
    if (aged) return young_.insert(std::move(aged)).position->second;
    return young_.emplace(key, make()).first->second;
  }

 private:
  static constexpr std::size_t kGeneration = 256;
  std::map<Key, Primitive> young_, old_;
};

/// A product of bf16 operands with f32 sums by oneDNN's matmul primitive.
void product(index_t m, index_t n, index_t k, Bf16Matrix a, Bf16Matrix b, Matrix c, real beta) {
  using dnnl::memory;
  hold_to_one_thread();
  thread_local const dnnl::engine engine(dnnl::engine::kind::cpu, 0);
  thread_local dnnl::stream stream(engine);
  thread_local PrimitiveCache cache;
  const auto make = [&] {
    const auto layout = [](index_t rows, index_t columns, const auto& matrix, memory::data_type type) {
      return memory::desc({rows, columns}, type,
                          matrix.transposed ? memory::dims{1, matrix.stride} : memory::dims{matrix.stride, 1});
    };
    const auto desc_a = layout(m, k, a, memory::data_type::bf16), desc_b = layout(k, n, b, memory::data_type::bf16);
    const auto desc_c = layout(m, n, c, memory::data_type::f32);
    dnnl::primitive_attr attributes;
    if (beta != 0) {
      dnnl::post_ops sum;
      sum.append_sum(static_cast<float>(beta));
      attributes.set_post_ops(sum);
    }
#if DNNL_VERSION_MAJOR >= 3
    const dnnl::matmul::primitive_desc desc(engine, desc_a, desc_b, desc_c, attributes);
#else
    const dnnl::matmul::primitive_desc desc(dnnl::matmul::desc(desc_a, desc_b, desc_c), attributes, engine);
#endif
    primitives.fetch_add(1, std::memory_order_relaxed);
    return Primitive{dnnl::matmul(desc), memory(desc_a, engine, nullptr), memory(desc_b, engine, nullptr),
                     memory(desc_c, engine, nullptr)};
  };
  const auto bits = static_cast<index_t>(std::bit_cast<std::uint32_t>(static_cast<float>(beta)));
  Primitive& kept = cache.find_or_make(
      {m, n, k, a.stride, b.stride, c.stride, index_t{a.transposed}, index_t{b.transposed}, bits}, make);
  kept.a.set_data_handle(const_cast<bf16_t*>(a.data));  // read only, but the handle's type does not say so
  kept.b.set_data_handle(const_cast<bf16_t*>(b.data));
  kept.c.set_data_handle(c.data);
  kept.matmul.execute(stream, {{DNNL_ARG_SRC, kept.a}, {DNNL_ARG_WEIGHTS, kept.b}, {DNNL_ARG_DST, kept.c}});
  stream.wait();
}

void check_full(const ConstMatrix& operand) {
  ensure(operand.data != nullptr, "gemm: an operand was kept as bf16 alone, and cannot be multiplied in f32");
}

/// The stored elements of an operand, each put through `convert`, in pooled memory.
template <class To, class Convert>
MatrixOf<const To> converted(index_t rows, index_t columns, ConstMatrix operand, bool parallel, To* to,
                             const Convert& convert) {
  check_full(operand);
  if (operand.transposed) std::swap(rows, columns);
  const auto convert_row = [&](index_t r) {
    for (index_t c = 0; c < columns; ++c) to[r * columns + c] = convert(operand.data[r * operand.stride + c]);
  };
  if (parallel) {
    parallel_rows(rows, columns, convert_row);
  } else {
    for (index_t r = 0; r < rows; ++r) convert_row(r);
  }
  return {to, columns, operand.transposed};
}

/// An operand as the native products read it: what was rounded before, or `buffer`, filled now.
Bf16Matrix rounded(index_t rows, index_t columns, ConstMatrix operand, bool parallel, Bf16Tensor& buffer) {
  if (operand.rounded != nullptr) return {operand.rounded, operand.stride, operand.transposed};
  buffer = Bf16Tensor(rows * columns);
  return converted(rows, columns, operand, parallel, buffer.data(), [](real value) { return to_bf16(value); });
}

/// Calls multiply(a, b) with the operands in that precision: as they are, rounded, or, where the processor has no
/// bf16, as the same numbers in full width: a product of two bf16 numbers is exact in f32.
template <class Multiply>
void with_operands(index_t m, index_t n, index_t k, ConstMatrix a, ConstMatrix b, Precision precision, bool parallel,
                   const Multiply& multiply) {
  if (precision == Precision::f32) {
    check_full(a);
    check_full(b);
    return multiply(MatrixOf<const real>(a), MatrixOf<const real>(b));
  }
  if (reads_bf16(precision)) {
    Bf16Tensor buffer_a, buffer_b;
    const Bf16Matrix half_a = rounded(m, k, a, parallel, buffer_a), half_b = rounded(k, n, b, parallel, buffer_b);
    return multiply(half_a, half_b);
  }
  Tensor buffer_a({m, k}), buffer_b({k, n});
  const auto round = [](real value) { return static_cast<real>(from_bf16(to_bf16(value))); };
  const auto full_a = converted(m, k, a, parallel, buffer_a.mutable_data(), round);
  const auto full_b = converted(k, n, b, parallel, buffer_b.mutable_data(), round);
  multiply(full_a, full_b);
}

}  // namespace

bool bf16_supported() {
  static const bool supported = [] {
    // numbers of bits, one an instruction set: later ones have those of bf16 among theirs
    const auto isa = static_cast<unsigned>(dnnl::get_effective_cpu_isa());
    constexpr auto kWanted = static_cast<unsigned>(dnnl::cpu_isa::avx512_core_bf16);
    return (isa & kWanted) == kWanted;
  }();
  return supported;
}

std::string instruction_set() {
  std::string name = "SSE";
  switch (dnnl::get_effective_cpu_isa()) {
    case dnnl::cpu_isa::avx:
    case dnnl::cpu_isa::avx2: name = "AVX2"; break;
    case dnnl::cpu_isa::avx2_vnni: name = "AVX2 with VNNI"; break;
    case dnnl::cpu_isa::avx512_core: name = "AVX-512"; break;
    case dnnl::cpu_isa::avx512_core_vnni: name = "AVX-512 with VNNI"; break;
    case dnnl::cpu_isa::avx512_core_bf16: name = "AVX-512 with bf16"; break;
    case dnnl::cpu_isa::avx512_core_amx: name = "AVX-512 with AMX"; break;
    default: break;
  }
#if defined(__AVX512F__)
  return name + ", compiled for AVX-512";
#elif defined(__AVX2__)
  return name + ", compiled for AVX2";
#else
  return name + ", compiled for any x86-64";
#endif
}

bool reads_bf16(Precision precision) {
  return std::is_same_v<real, float> && precision == Precision::bf16 && bf16_supported();
}

std::size_t primitives_made() { return primitives; }

void gemm(index_t m, index_t n, index_t k, ConstMatrix a, ConstMatrix b, Matrix c, Precision precision, real beta,
          const AfterTile& after) {
  if (m == 0 || n == 0) return;
  if (k == 0) {
    scale(m, n, c, beta);
    if (after) after(0, 0, m, n);
    return;
  }
  count_flops(2.0 * static_cast<double>(m * n * k));
  with_operands(m, n, k, a, b, precision, true, [&](auto left, auto right) {
    for_tiles(m, n, k, left, right, c,
              [&](index_t row, index_t column, index_t rows, index_t columns, auto p, auto q, Matrix out) {
                product(rows, columns, k, p, q, out, beta);
                if (after) after(row, column, rows, columns);
              });
  });
}

void gemm_serial(index_t m, index_t n, index_t k, ConstMatrix a, ConstMatrix b, Matrix c, Precision precision,
                 real beta) {
  if (m == 0 || n == 0) return;
  if (k == 0) return scale(m, n, c, beta);
  count_flops(2.0 * static_cast<double>(m * n * k));
  with_operands(m, n, k, a, b, precision, false,
                [&](auto left, auto right) { product(m, n, k, left, right, c, beta); });
}

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
  parallel_for(n, row_grain(k), [&](index_t begin, index_t end) {
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
  scale(m, n, c, beta);
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
