#include "framework/gemm.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <catch2/catch.hpp>
#include <cmath>
#include <fstream>
#include <limits>
#include <mutex>
#include <vector>

#include "framework/ops.h"

namespace heddle {
namespace {

using Product = void (*)(index_t, index_t, index_t, ConstMatrix, ConstMatrix, Matrix, Precision, real);
constexpr Product kParallel = [](index_t m, index_t n, index_t k, ConstMatrix a, ConstMatrix b, Matrix c,
                                 Precision precision, real beta) { gemm(m, n, k, a, b, c, precision, beta); };
constexpr Product kReference = [](index_t m, index_t n, index_t k, ConstMatrix a, ConstMatrix b, Matrix c, Precision,
                                  real beta) { gemm_reference(m, n, k, a, b, c, beta); };

/// Largest difference between a product and the reference, relative to what sums of k terms round to.
double error_of(index_t m, index_t n, index_t k, bool ta, bool tb, real beta, bool serial,
                Precision precision = Precision::f32) {
  const index_t pad = 3;  // rows in memory are longer than the matrix
  const index_t sa = (ta ? m : k) + pad, sb = (tb ? k : n) + pad, sc = n + pad;
  const Tensor a = Tensor::uniform({ta ? k : m, sa}, Rng(1), -1, 1),
               b = Tensor::uniform({tb ? n : k, sb}, Rng(2), -1, 1);
  Tensor got = Tensor::uniform({m, sc}, Rng(3), -1, 1);
  Tensor wanted = got.clone();
  (serial ? gemm_serial : kParallel)(m, n, k, {a.data(), sa, ta}, {b.data(), sb, tb}, {got.mutable_data(), sc},
                                     precision, beta);
  gemm_reference(m, n, k, {a.data(), sa, ta}, {b.data(), sb, tb}, {wanted.mutable_data(), sc}, beta);
  double error = 0;
  for (index_t i = 0; i < got.numel(); ++i) {
    const double difference = std::abs(static_cast<double>(got.data()[i]) - static_cast<double>(wanted.data()[i]));
    if (i % sc >= n && difference != 0) return 1e300;  // wrote beside the matrix
    error = std::max(error, std::isnan(difference) ? 1e300 : difference);
  }
  return error / std::sqrt(static_cast<double>(k + 1));
}

}  // namespace

TEST_CASE("products equal three plain loops for odd sizes, transposed operands, strides and beta") {
  const double tolerance = sizeof(real) == sizeof(double) ? 1e-14 : 3e-6;
  const std::vector<std::vector<index_t>> sizes = {{1, 1, 1},    {3, 5, 7},     {17, 1, 33},    {1, 65, 128},
                                                   {64, 64, 64}, {65, 130, 31}, {300, 129, 70}, {5, 3, 900}};
  for (const auto& s : sizes) {
    for (const bool ta : {false, true}) {
      for (const bool tb : {false, true}) {
        for (const real beta : {real{0}, real{1}, real{-0.5}}) {
          for (const bool serial : {false, true}) {
            INFO(s[0] << " x " << s[1] << " x " << s[2] << (ta ? " T" : " N") << (tb ? "T" : "N") << " beta " << beta
                      << " serial " << serial);
            REQUIRE(error_of(s[0], s[1], s[2], ta, tb, beta, serial) < tolerance);
          }
        }
      }
    }
  }
}

TEST_CASE("beta 0 does not read the result, and no terms sum to beta times it") {
  constexpr real kNan = std::numeric_limits<real>::quiet_NaN();
  const Tensor a = Tensor::full({2, 2}, 1);
  for (const auto product : {kParallel, Product(gemm_serial), kReference}) {
    Tensor c = Tensor::full({2, 2}, kNan);
    product(2, 2, 2, {a.data(), 2}, {a.data(), 2}, {c.mutable_data(), 2}, Precision::f32, 0);
    REQUIRE(c.data()[3] == 2);
    c = Tensor::full({2, 2}, 4);
    product(2, 2, 0, {a.data(), 2}, {a.data(), 2}, {c.mutable_data(), 2}, Precision::f32, real{0.5});
    REQUIRE(c.data()[3] == 2);
    product(2, 2, 0, {a.data(), 2}, {a.data(), 2}, {c.mutable_data(), 2}, Precision::f32, 0);
    REQUIRE(c.data()[3] == 0);
    product(0, 2, 2, {a.data(), 2}, {a.data(), 2}, {c.mutable_data(), 2}, Precision::f32, 0);
    REQUIRE(c.data()[0] == 0);
  }
}

TEST_CASE("two products that share out their tiles have the bits of one after the other") {
  const Precision precision = GENERATE(Precision::f32, Precision::bf16);
  const std::vector<std::array<index_t, 3>> sizes = {{300, 129, 70}, {1, 1, 1}, {64, 400, 33}, {2, 3, 0}, {0, 4, 3}};
  const int before = threads();
  for (const auto& [m, n, k] : sizes) {
    for (const auto& [p, q, r] : sizes) {
      const Tensor a = Tensor::uniform({k, m}, Rng(1), -1, 1), b = Tensor::uniform({k, n}, Rng(2), -1, 1);
      const Tensor x = Tensor::uniform({p, r}, Rng(3), -1, 1), y = Tensor::uniform({q, r}, Rng(4), -1, 1);
      const ConstMatrix left{a.data(), m, true}, right{b.data(), n}, up{x.data(), r}, down{y.data(), r, true};
      Tensor one = Tensor::full({m, n}, 7), other = Tensor::full({p, q}, 7);
      gemm(m, n, k, left, right, {one.mutable_data(), n}, precision);
      gemm(p, q, r, up, down, {other.mutable_data(), q}, precision);
      for (const int count : {1, 2, 3}) {
        set_threads(count);
        Tensor both = Tensor::full({m, n}, 8), of_both = Tensor::full({p, q}, 8);
        gemm_both({m, n, k, left, right, {both.mutable_data(), n}}, {p, q, r, up, down, {of_both.mutable_data(), q}},
                  precision);
        INFO(m << " x " << n << " x " << k << " and " << p << " x " << q << " x " << r << ", " << count << " threads");
        CHECK(std::ranges::equal(both.span(), one.span()));
        CHECK(std::ranges::equal(of_both.span(), other.span()));
      }
    }
  }
  set_threads(before);
}

TEST_CASE("a linear layer's gradients have the same bits where only one of them is wanted") {
  const Precision precision = GENERATE(Precision::f32, Precision::bf16);
  const auto gradients = [&](bool of_x, bool of_w) {
    Tensor x = Tensor::normal({70, 40}, Rng(1)), w = Tensor::normal({90, 40}, Rng(2));
    if (of_x) x.set_requires_grad();
    if (of_w) w.set_requires_grad();
    backward(linear(x, w, {}, Activation::none, precision), Tensor::normal({70, 90}, Rng(3)));
    return std::pair(of_x ? x.grad() : Tensor(), of_w ? w.grad() : Tensor());
  };
  const auto [dx, dw] = gradients(true, true);
  CHECK(std::ranges::equal(gradients(true, false).first.span(), dx.span()));
  CHECK(std::ranges::equal(gradients(false, true).second.span(), dw.span()));
}

TEST_CASE("tiles cover a product once, and those of a layer are as many as keep sixteen threads busy to the end") {
  struct Seen {
    index_t tiles = 0, longest = 0;
    bool once = true;
  };
  const auto tiles_of = [](index_t m, index_t n, index_t k, bool ta, bool tb) {
    const Tensor a = Tensor::full({m * k}, 1), b = Tensor::full({k * n}, 1);
    Tensor c({m, n});
    std::vector<int> covered(static_cast<std::size_t>(m * n));
    Seen seen;
    std::mutex mutex;
    gemm(m, n, k, {a.data(), ta ? m : k, ta}, {b.data(), tb ? k : n, tb}, {c.mutable_data(), n}, Precision::f32, 0,
         [&](index_t row, index_t column, index_t rows, index_t columns) {
           const std::scoped_lock lock(mutex);
           ++seen.tiles;
           seen.longest = std::max({seen.longest, rows, columns});
           for (index_t r = row; r < row + rows; ++r) {
             for (index_t i = column; i < column + columns; ++i) ++covered[static_cast<std::size_t>(r * n + i)];
           }
         });
    seen.once = std::all_of(covered.begin(), covered.end(), [](int times) { return times == 1; });
    return seen;
  };
  for (const auto& [m, n, k] : std::vector<std::array<index_t, 3>>{
           {1, 1, 1}, {15, 17, 3}, {16, 16, 16}, {31, 257, 9}, {259, 513, 5}, {1000, 3, 700}, {3, 1025, 700}})
    CHECK(tiles_of(m, n, k, false, false).once);
  // rows of a batch, and the layers of small and large blocks
  for (const auto& [rows, out, in] : std::vector<std::array<index_t, 3>>{
           {768, 384, 128}, {768, 128, 128}, {768, 512, 128}, {768, 128, 512}, {1024, 1152, 384}, {256, 768, 768}}) {
    INFO(rows << " rows, " << in << " to " << out);
    for (const Seen& seen : {tiles_of(rows, out, in, false, true), tiles_of(rows, in, out, false, false),
                             tiles_of(out, in, rows, true, false)}) {
      CHECK(seen.tiles % 16 == 0);
      CHECK(seen.longest <= 256);
      CHECK(seen.once);
    }
  }
  CHECK(tiles_of(64, 10, 256, false, true).tiles == 1);  // too little to share out
  CHECK(tiles_of(64, 64, 64, false, false).tiles == 1);
  CHECK(tiles_of(64, 64, 1024, false, false).tiles == 16);
  CHECK(tiles_of(8192, 1024, 4, false, false).longest <= 256);
}

TEST_CASE("products with an operand that is packed equal those with it as it is, in each precision") {
  const Precision precision = GENERATE(Precision::f32, Precision::bf16);
  const std::vector<std::array<index_t, 3>> sizes = {{1, 1, 1},     {3, 5, 7},   {8, 65, 128}, {17, 129, 33},
                                                     {16, 256, 64}, {5, 3, 900}, {2, 4, 0},    {0, 4, 3}};
  for (const auto& [m, n, k] : sizes) {
    for (const bool tb : {false, true}) {
      const index_t sb = (tb ? k : n) + 3;
      const Tensor a = Tensor::uniform({m, k}, Rng(1), -1, 1), b = Tensor::uniform({tb ? n : k, sb}, Rng(2), -1, 1);
      const Bf16Tensor half_a(a), half_b(b);
      Tensor wanted = Tensor::full({m, n}, 7), got = wanted.clone();
      gemm(m, n, k, {a.data(), k}, {b.data(), sb, tb}, {wanted.mutable_data(), n}, precision);
      for (const bool rounded : {false, true}) {  // before, where the products read it so
        const bool use = rounded && reads_bf16(precision);
        const PackedMatrix packed(k, n, {{b.data(), sb, tb}, use ? half_b.data() : nullptr}, precision);
        for (int i = 0; i < 2; ++i)  // the same one again
          gemm_packed(m, {{a.data(), k}, use ? half_a.data() : nullptr}, packed, {got.mutable_data(), n});
        INFO(m << " x " << n << " x " << k << (tb ? " T " : " N ") << name_of(precision));
        for (index_t i = 0; i < got.numel(); ++i)
          REQUIRE(got.data()[i] == Approx(wanted.data()[i]).epsilon(1e-5).margin(1e-5));
      }
    }
  }
  const PackedMatrix packed(2, 2, {{std::array<real, 4>{1, 2, 3, 4}.data(), 2}}, precision);
  REQUIRE_THROWS_WITH(gemm_packed(2, {nullptr, 2, true}, packed, {nullptr, 2}),
                      Catch::Contains("read as it is stored"));
  REQUIRE_THROWS_WITH(gemm_packed(2, {nullptr, 3}, packed, {nullptr, 2}), Catch::Contains("are 3 apart"));
  REQUIRE_THROWS_WITH(gemm_packed(2, {nullptr, 2}, packed, {nullptr, 3}), Catch::Contains("those of the result 3"));
}

TEST_CASE("products of training's shapes give the same bits on any number of threads") {
  const int before = threads();
  const std::vector<std::vector<index_t>> sizes = {
      {768, 384, 128}, {768, 65, 128}, {128, 512, 768}, {65, 128, 768}, {200, 1152, 384}};
  for (const auto& s : sizes) {
    for (const bool ta : {false, true}) {
      const Tensor a = Tensor::uniform({s[0] * s[2]}, Rng(1), -1, 1), b = Tensor::uniform({s[1] * s[2]}, Rng(2), -1, 1);
      std::vector<real> first;
      for (const int count : {1, 2, 5}) {
        set_threads(count);
        std::vector<real> c(static_cast<std::size_t>(s[0] * s[1]));
        gemm(s[0], s[1], s[2], {a.data(), ta ? s[0] : s[2], ta}, {b.data(), s[1]}, {c.data(), s[1]});
        if (first.empty()) first = c;
        REQUIRE(c == first);
      }
    }
  }
  set_threads(before);
}

TEST_CASE("bf16 rounds the operands to 8 bits of mantissa and sums in full precision") {
  if (!bf16_supported()) WARN("this processor has no bf16: only its emulation is tested");
  Precision precision = Precision::bf16;
  const auto product = [&](const std::vector<real>& a, const std::vector<real>& b) {
    real c = 0;
    const auto k = static_cast<index_t>(a.size());
    gemm(1, 1, k, {a.data(), k}, {b.data(), 1}, {&c, 1}, precision);
    return c;
  };
  REQUIRE(product({real(1 + 1.0 / 256)}, {1}) == real{1});              // half a step: to even
  REQUIRE(product({real(1 + 3.0 / 256)}, {1}) == real(1 + 4.0 / 256));  // half a step above an odd number: up
  REQUIRE(product({real(1 + 1.1 / 256)}, {1}) == real(1 + 2.0 / 256));
  REQUIRE(std::isnan(product({std::numeric_limits<real>::quiet_NaN()}, {1})));
  REQUIRE(std::isinf(product({std::numeric_limits<real>::max()}, {1})));
  // sums keep what bf16 could not: 256 + 1 has nine bits
  REQUIRE(product({256, 1}, {1, 1}) == 257);
  for (const bool ta : {false, true}) {
    for (const bool tb : {false, true}) {
      for (const bool serial : {false, true}) {
        const double error = error_of(70, 33, 65, ta, tb, 1, serial, precision);
        REQUIRE(error > 1e-5);
        REQUIRE(error < 6e-3);
      }
    }
  }
  precision = Precision::f32;
  REQUIRE(product({real(1 + 1.0 / 256)}, {1}) == real(1 + 1.0 / 256));
}

TEST_CASE("products of few rows equal plain loops, with weights in full and as bf16") {
  const index_t m = GENERATE(1, 3, kFewRows), n = GENERATE(1, 5, 400), k = GENERATE(0, 7, 130);
  const Tensor a = Tensor::normal({m, k}, Rng(1)), b = Tensor::normal({n, k}, Rng(2));
  Tensor c({m, n}), wanted({m, n}), rounded({n, k});
  for (index_t i = 0; i < n * k; ++i) rounded.mutable_data()[i] = static_cast<real>(from_bf16(to_bf16(b.data()[i])));
  const Bf16Tensor half(b);
  std::vector<int> done(static_cast<std::size_t>(n));
  for (const bool as_bf16 : {false, true}) {
    const ConstMatrix weights{b.data(), k, true, as_bf16 ? half.data() : nullptr};
    gemm_few_rows(m, n, k, a.data(), weights, {c.mutable_data(), n},
                  [&](index_t row, index_t column, index_t rows, index_t columns) {
                    REQUIRE(row == 0);
                    REQUIRE(rows == m);
                    for (index_t j = column; j < column + columns; ++j) ++done[static_cast<std::size_t>(j)];
                  });
    gemm_reference(m, n, k, {a.data(), k}, {as_bf16 ? rounded.data() : b.data(), k, true}, {wanted.mutable_data(), n});
    for (index_t i = 0; i < m * n; ++i)
      REQUIRE(static_cast<double>(c.data()[i]) ==
              Approx(static_cast<double>(wanted.data()[i])).epsilon(1e-4).margin(1e-4));
  }
  REQUIRE(std::all_of(done.begin(), done.end(), [](int times) { return times == 2; }));
}

namespace {

/// Bytes of memory that this process holds.
double resident_bytes() {
  std::ifstream in("/proc/self/statm");
  double all = 0, resident = 0;
  in >> all >> resident;
  return resident * static_cast<double>(sysconf(_SC_PAGESIZE));
}

}  // namespace

TEST_CASE("products of thousands of shapes hold memory flat, and a steady step makes no primitive") {
  if (!reads_bf16(Precision::bf16)) return;  // nothing is kept elsewhere
  const auto shape = [](index_t i) { return std::array<index_t, 3>{1 + i % 16, 1 + i / 16 % 16, 1 + i / 256}; };
  const auto multiply = [&](index_t i) {
    const auto [m, n, k] = shape(i);
    return error_of(m, n, k, i % 2 == 0, i % 3 == 0, 1, true, Precision::bf16);
  };
  constexpr index_t kShapes = 2500;  // more than oneDNN's own cache keeps
  const auto all = [&](index_t first) {
    double worst = 0;
    for (index_t i = first; i < first + kShapes; ++i) worst = std::max(worst, multiply(i));
    return worst;
  };
  const std::size_t at_first = primitives_made();
  REQUIRE(all(0) < 1e-2);
  REQUIRE(primitives_made() == at_first + kShapes);
  const double held = resident_bytes();
  REQUIRE(all(kShapes) < 1e-2);
  REQUIRE(resident_bytes() < held + 2e7);
  const auto step = [&] {
    for (index_t i = 0; i < 200; ++i) multiply(i);
  };
  step();
  const std::size_t made = primitives_made();
  for (int repeat = 0; repeat < 3; ++repeat) step();
  REQUIRE(primitives_made() == made);
  // what is used between others stays, however many those are
  for (index_t i = 0; i < 1000; ++i) {
    multiply(1000 + i);
    multiply(0);
  }
  REQUIRE(primitives_made() == made + 1000);
}

}  // namespace heddle
