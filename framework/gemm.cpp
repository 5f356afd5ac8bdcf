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
#include "framework/gemm_tiling.h"
#include "framework/profile.h"
#include "framework/rows.h"

namespace heddle {
namespace {

std::atomic<std::size_t> primitives{0};

template <class T>
MatrixOf<T> at(MatrixOf<T> matrix, index_t row, index_t column) {
  matrix.data += matrix.transposed ? column * matrix.stride + row : row * matrix.stride + column;
  return matrix;
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
using dnnl::memory;

template <class T>
constexpr memory::data_type kType = std::is_same_v<T, bf16_t> ? memory::data_type::bf16 : memory::data_type::f32;

template <class T>
memory::desc layout_of(index_t rows, index_t columns, const MatrixOf<T>& matrix) {
  return {{rows, columns},
          kType<std::remove_const_t<T>>,
          matrix.transposed ? memory::dims{1, matrix.stride} : memory::dims{matrix.stride, 1}};
}

/// A matmul primitive of oneDNN's and the memory that it works on.
struct Primitive {
  dnnl::matmul matmul;
  memory a, b, c;
};

/// The primitives of one thread by shape. Two generations of at most kGeneration each: what is used comes into the
/// young one; when that is full, it becomes the old one, and what the old one still held has not been used for long.
class PrimitiveCache {
 public:
  /// Sizes, strides, which operands are transposed, the bits of beta, what the elements are.
  using Key = std::array<index_t, 10>;

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

/// What oneDNN needs to make something, and to run it in the calling thread.
dnnl::engine& own_engine() {
  thread_local dnnl::engine engine(dnnl::engine::kind::cpu, 0);
  return engine;
}
dnnl::stream& own_stream() {
  thread_local dnnl::stream stream(own_engine());
  return stream;
}

dnnl::matmul::primitive_desc describe(const memory::desc& a, const memory::desc& b, const memory::desc& c,
                                      const dnnl::primitive_attr& attributes = {}) {
#if DNNL_VERSION_MAJOR >= 3
  return {own_engine(), a, b, c, attributes};
#else
  return {dnnl::matmul::desc(a, b, c), attributes, own_engine()};
#endif
}

constexpr index_t kPackedStride = 0;  // in keys: no matrix that is stored row by row has it

/// One tile in this thread by oneDNN's matmul primitive, with f32 sums. `layout_b`: called for b's where it is made.
template <class T, class LayoutB>
void product(index_t m, index_t n, index_t k, MatrixOf<const T> a, const void* b, const PrimitiveCache::Key& key,
             const LayoutB& layout_b, Matrix c, real beta) {
  hold_to_one_thread();
  dnnl::stream& stream = own_stream();  // made before the cache, so it outlives what is in there
  thread_local PrimitiveCache cache;
  Primitive& kept = cache.find_or_make(key, [&] {
    dnnl::primitive_attr attributes;
    if (beta != 0) {
      dnnl::post_ops sum;
      sum.append_sum(static_cast<float>(beta));
      attributes.set_post_ops(sum);
    }
    const auto desc_a = layout_of(m, k, a), desc_b = layout_b(), desc_c = layout_of(m, n, c);
    primitives.fetch_add(1, std::memory_order_relaxed);
    return Primitive{dnnl::matmul(describe(desc_a, desc_b, desc_c, attributes)), memory(desc_a, own_engine(), nullptr),
                     memory(desc_b, own_engine(), nullptr), memory(desc_c, own_engine(), nullptr)};
  });
  kept.a.set_data_handle(const_cast<T*>(a.data));  // read only, but the handle's type does not say so
  kept.b.set_data_handle(const_cast<void*>(b));
  kept.c.set_data_handle(c.data);
  kept.matmul.execute(stream, {{DNNL_ARG_SRC, kept.a}, {DNNL_ARG_WEIGHTS, kept.b}, {DNNL_ARG_DST, kept.c}});
  stream.wait();
}

/// A product of bf16 operands.
void product(index_t m, index_t n, index_t k, Bf16Matrix a, Bf16Matrix b, Matrix c, real beta) {
  const auto bits = static_cast<index_t>(std::bit_cast<std::uint32_t>(static_cast<float>(beta)));
  product(
      m, n, k, a, b.data,
      {m, n, k, a.stride, b.stride, c.stride, index_t{a.transposed}, index_t{b.transposed}, bits, sizeof(bf16_t)},
      [&] { return layout_of(k, n, b); }, c, beta);
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

/// Calls use(operand) with an operand in that precision: as it is, rounded, or, where the processor has no bf16, as the
/// same numbers in full width: a product of two bf16 numbers is exact in f32.
template <class Use>
void with_operand(index_t rows, index_t columns, ConstMatrix operand, Precision precision, bool parallel,
                  const Use& use) {
  if (precision == Precision::f32) {
    check_full(operand);
    return use(MatrixOf<const real>(operand));
  }
  if (reads_bf16(precision)) {
    Bf16Tensor buffer;
    return use(rounded(rows, columns, operand, parallel, buffer));
  }
  Tensor buffer({rows, columns});
  use(converted(rows, columns, operand, parallel, buffer.mutable_data(),
                [](real value) { return static_cast<real>(from_bf16(to_bf16(value))); }));
}

/// Calls multiply(a, b) with both operands in that precision.
template <class Multiply>
void with_operands(index_t m, index_t n, index_t k, ConstMatrix a, ConstMatrix b, Precision precision, bool parallel,
                   const Multiply& multiply) {
  with_operand(m, k, a, precision, parallel, [&]<class T>(MatrixOf<T> left) {
    with_operand(k, n, b, precision, parallel, [&]<class U>(MatrixOf<U> right) {
      if constexpr (std::is_same_v<T, U>) multiply(left, right);
    });
  });
}

/// The tiles of one product, a task each.
template <class T>
class Tiles {
 public:
  Tiles(index_t m, index_t n, index_t k, MatrixOf<T> a, MatrixOf<T> b, Matrix c)
      : cut_(m, n, k, a.transposed, b.transposed), m_(m), n_(n), k_(k), a_(a), b_(b), c_(c) {}

  index_t count() const { return cut_.down() * cut_.across(); }
  void multiply(index_t tile, real beta, const AfterTile& after) const {
    const index_t row = tile / cut_.across() * cut_.rows(), column = tile % cut_.across() * cut_.columns();
    const index_t rows = std::min(cut_.rows(), m_ - row), columns = std::min(cut_.columns(), n_ - column);
    product(rows, columns, k_, at(a_, row, 0), at(b_, 0, column), at(c_, row, column), beta);
    if (after) after(row, column, rows, columns);
  }

 private:
  Tiling cut_;
  index_t m_, n_, k_;
  MatrixOf<T> a_, b_;
  Matrix c_;
};

void count_product(index_t m, index_t n, index_t k) { count_flops(2.0 * static_cast<double>(m * n * k)); }

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

std::string gemm_library() {
  const dnnl_version_t& version = *dnnl_version();
  return concat_text("oneDNN ", version.major, '.', version.minor, '.', version.patch);
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
  count_product(m, n, k);
  with_operands(m, n, k, a, b, precision, true, [&](auto left, auto right) {
    const Tiles tiles(m, n, k, left, right, c);
    parallel_for(tiles.count(), 1, [&](index_t begin, index_t end) {
      for (index_t i = begin; i < end; ++i) tiles.multiply(i, beta, after);
    });
  });
}

void gemm_both(const MatrixProduct& one, const MatrixProduct& other, Precision precision) {
  if (one.m * one.n * one.k == 0 || other.m * other.n * other.k == 0) {
    gemm(one.m, one.n, one.k, one.a, one.b, one.c, precision);
    return gemm(other.m, other.n, other.k, other.a, other.b, other.c, precision);
  }
  count_product(one.m, one.n, one.k);
  count_product(other.m, other.n, other.k);
  with_operands(one.m, one.n, one.k, one.a, one.b, precision, true, [&](auto a, auto b) {
    with_operands(other.m, other.n, other.k, other.a, other.b, precision, true, [&](auto x, auto y) {
      const Tiles first(one.m, one.n, one.k, a, b, one.c);
      const Tiles second(other.m, other.n, other.k, x, y, other.c);
      const index_t of_first = first.count();
      const AfterTile nothing;
      parallel_for(of_first + second.count(), 1, [&](index_t begin, index_t end) {
        for (index_t i = begin; i < end; ++i) {
          if (i < of_first) {
            first.multiply(i, 0, nothing);
          } else {
            second.multiply(i - of_first, 0, nothing);
          }
        }
      });
    });
  });
}

void gemm_serial(index_t m, index_t n, index_t k, ConstMatrix a, ConstMatrix b, Matrix c, Precision precision,
                 real beta) {
  if (m == 0 || n == 0) return;
  if (k == 0) return scale(m, n, c, beta);
  count_product(m, n, k);
  with_operands(m, n, k, a, b, precision, false,
                [&](auto left, auto right) { product(m, n, k, left, right, c, beta); });
}

struct PackedMatrix::Layout {
  memory::desc desc;
};

PackedMatrix::PackedMatrix(index_t k, index_t n, ConstMatrix b, Precision precision)
    : k_(k), n_(n), precision_(precision) {
  if (k * n == 0) return;
  with_operand(k, n, b, precision, true, [&]<class T>(MatrixOf<const T> plain) {
    if constexpr (std::is_same_v<T, double>) {
      full_ = Tensor({k, n});
      real* const to = full_.mutable_data();
      for (index_t i = 0; i < k * n; ++i) to[i] = *at(plain, i / n, i % n).data;
    } else {
      hold_to_one_thread();
      const auto rows = [&](index_t columns, memory::data_type type) {
        return memory::desc({kFewRows, columns}, type, memory::format_tag::ab);
      };
      const memory::desc any({k, n}, kType<T>, memory::format_tag::any);
      layout_ = std::make_shared<Layout>(
          Layout{describe(rows(k, kType<T>), any, rows(n, memory::data_type::f32)).weights_desc()});
      const auto elements = static_cast<index_t>(layout_->desc.get_size() / sizeof(T));
      memory into(layout_->desc, own_engine(), nullptr);
      if constexpr (std::is_same_v<T, bf16_t>) {
        half_ = Bf16Tensor(elements);
        into.set_data_handle(half_.data());
      } else {
        full_ = Tensor({elements});
        into.set_data_handle(full_.mutable_data());
      }
      memory from(layout_of(k, n, plain), own_engine(), const_cast<T*>(plain.data));
      dnnl::reorder(from, into).execute(own_stream(), from, into);
      own_stream().wait();
    }
  });
}

void gemm_packed(index_t m, ConstMatrix a, const PackedMatrix& b, Matrix c) {
  ensure(!a.transposed, "gemm: an operand beside a packed one is read as it is stored");
  const index_t k = b.k_, n = b.n_;
  ensure(a.stride == k && c.stride == n, "gemm: rows beside a packed operand of ", k, " x ", n, " are ", a.stride,
         " apart, those of the result ", c.stride, "; copy them so that they are ", k, " and ", n, " apart");
  if (m == 0 || n == 0) return;
  if (k == 0) return scale(m, n, c, 0);
  count_product(m, n, k);
  with_operand(m, k, a, b.precision_, false, [&]<class T>(MatrixOf<const T> left) {
    if constexpr (std::is_same_v<T, double>) {
      gemm_reference(m, n, k, {left}, {{b.full_.data(), n}}, c);
    } else {
      const void* const packed = b.half_.defined() ? static_cast<const void*>(b.half_.data()) : b.full_.data();
      product(
          m, n, k, left, packed, {m, n, k, left.stride, kPackedStride, c.stride, 0, 0, 0, sizeof(T)},
          [&] { return b.layout_->desc; }, c, 0);
    }
  });
}

}  // namespace heddle
