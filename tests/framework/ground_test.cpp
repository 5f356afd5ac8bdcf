// The ground floor: random numbers, parallel loops, shapes, tensors and their memory.

#include <atomic>
#include <catch2/catch.hpp>
#include <cmath>

#include "framework/ops.h"
#include "framework/rows.h"
#include "framework/tensor.h"

namespace heddle {

TEST_CASE("random numbers are Philox4x32-10's published ones") {
  using Block = std::array<std::uint32_t, 4>;
  REQUIRE(Rng(0, 0).block(0) == Block{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
  constexpr std::uint64_t ones = ~std::uint64_t{0};
  REQUIRE(Rng(ones, ones).block(ones) == Block{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});
  // counter 243f6a88 85a308d3 13198a2e 03707344, key a4093822 299f31d0: the digits of pi
  REQUIRE(Rng(0x299f31d0a4093822U, 0x0370734413198a2eU).block(0x85a308d3243f6a88U) ==
          Block{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1});
}

TEST_CASE("uniform and normal numbers have their moments, forks are independent") {
  constexpr std::uint64_t kCount = 200000;
  const Rng rng(7), fork = rng.fork(1);
  double sum = 0, squares = 0, normal = 0, normal_squares = 0, product = 0;
  for (std::uint64_t i = 0; i < kCount; ++i) {
    const double u = rng.uniform(i), n = rng.normal(i);
    REQUIRE((u >= 0 && u < 1));
    REQUIRE(rng.below(7, i) < 7);
    sum += u, squares += u * u, normal += n, normal_squares += n * n, product += (u - 0.5) * (fork.uniform(i) - 0.5);
  }
  CHECK(sum / kCount == Approx(0.5).margin(0.003));
  CHECK(squares / kCount == Approx(1.0 / 3).margin(0.003));
  CHECK(normal / kCount == Approx(0).margin(0.01));
  CHECK(normal_squares / kCount == Approx(1).margin(0.02));
  CHECK(product / kCount == Approx(0).margin(0.001));
  CHECK(rng.fork(1).bits64(0) == fork.bits64(0));
  CHECK(rng.fork(2).bits64(0) != fork.bits64(0));
  CHECK(rng.fork(1).fork(2).bits64(0) != rng.fork(2).fork(1).bits64(0));
}

TEST_CASE("a parallel loop meets every index once, in pieces cut by size alone") {
  const int before = threads();
  const int count = GENERATE(1, 2, 3, 8);
  set_threads(count);
  for (const index_t n : {0, 1, 7, 64, 1000}) {
    std::vector<std::atomic<int>> met(static_cast<std::size_t>(n));
    std::atomic<bool> cut_wrong = false;
    parallel_for(n, 7, [&](index_t begin, index_t end) {
      if (begin % 7 != 0 || (end != n && end != begin + 7)) cut_wrong = true;
      for (index_t i = begin; i < end; ++i) ++met[static_cast<std::size_t>(i)];
    });
    for (const auto& m : met) REQUIRE(m == 1);
    REQUIRE_FALSE(cut_wrong);
  }
  set_threads(before);
}

TEST_CASE("a parallel sum has the same bits on any number of threads") {
  const int before = threads();
  double first = 0;
  for (const int count : {1, 2, 3, 8}) {
    set_threads(count);
    const double sum = parallel_sum(100003, 97, [](index_t begin, index_t end) {
      double total = 0;
      for (index_t i = begin; i < end; ++i) total += Rng(1).normal(static_cast<std::uint64_t>(i)) * 1e10;
      return total;
    });
    if (count == 1) first = sum;
    REQUIRE(sum == first);
  }
  set_threads(before);
  REQUIRE_THROWS_WITH(set_threads(0), Catch::Contains("threads: 0"));
}

TEST_CASE(
    "loops over rows are cut into as many chunks as keep sixteen threads busy, and into none that are not worth it") {
  const auto chunks = [](index_t rows, index_t work) {
    const index_t grain = row_grain(rows, work);
    REQUIRE(grain >= 1);
    return (rows + grain - 1) / grain;
  };
  CHECK(chunks(100, 10) == 1);
  CHECK(chunks(2048, 1) == 1);
  CHECK(chunks(768, 128) == 32);
  CHECK(chunks(4096, 16) == 32);
  CHECK(chunks(32 * 2048, 1) == 32);
  CHECK(chunks(1 << 24, 1) == 1024);  // of 16,384
  CHECK(chunks(100, 50257) == 100);
  CHECK(chunks(5, index_t{1} << 62) == 5);
  CHECK(chunks(5, 0) == 1);
}

TEST_CASE("sums over rows are exact on whole numbers, for few rows and many, narrow and wide ones") {
  for (const index_t rows : {0, 1, 63, 64, 65, 200, 1000}) {
    for (const index_t width : {0, 1, 5, 255, 256, 257, 1000}) {
      std::vector<real> sums(static_cast<std::size_t>(width) + 1, real{-1});
      column_sums(rows, width, sums.data(), [](index_t r, index_t c) { return static_cast<real>(r % 3 + c % 5); });
      INFO(rows << " x " << width);
      for (index_t c = 0; c < width; ++c) {
        index_t wanted = 0;
        for (index_t r = 0; r < rows; ++r) wanted += r % 3 + c % 5;
        REQUIRE(sums[static_cast<std::size_t>(c)] == static_cast<real>(wanted));
      }
      CHECK(sums.back() == -1);
    }
  }
}

TEST_CASE("a parallel sort puts everything in order, on any number of threads") {
  const int before = threads();
  for (const int count : {1, 2, 3}) {
    set_threads(count);
    for (const std::size_t n : {0, 1, 2, 16383, 16384, 16385, 32768, 32769, 49153, 200003}) {
      std::vector<std::uint64_t> values(n);
      for (std::size_t i = 0; i < n; ++i) values[i] = Rng(6).below(1000, i);
      std::vector<std::uint64_t> wanted = values;
      std::sort(wanted.begin(), wanted.end());
      parallel_sort(std::span(values));
      REQUIRE(values == wanted);
    }
  }
  set_threads(before);
}

TEST_CASE("random blocks side by side are the blocks one by one") {
  const Rng rng(7, 0x123456789abcdef0U);
  for (const std::uint64_t first : {std::uint64_t{0}, std::uint64_t{48}, (std::uint64_t{1} << 32U) - 5}) {
    Rng::Blocks all;
    rng.blocks(first, all);
    for (std::size_t i = 0; i < 16; ++i) {
      const auto one = rng.block(first + i);
      for (std::size_t w = 0; w < 4; ++w) REQUIRE(all[w][i] == one[w]);
    }
  }
}

TEST_CASE("an error in a piece reaches the caller") {
  REQUIRE_THROWS_WITH(parallel_for(1000, 1, [](index_t begin, index_t) { ensure(begin != 777, "piece ", begin); }),
                      "piece 777");
}

TEST_CASE("loops go on after an error, and within loops") {
  const int before = threads();
  for (const int count : {1, 4}) {
    set_threads(count);
    const auto fail = [](index_t begin, index_t) -> double { throw Error(concat_text("piece ", begin)); };
    REQUIRE_THROWS_WITH(parallel_sum(100, 1, fail), Catch::StartsWith("piece "));
    std::atomic<index_t> total = 0;
    parallel_for(50, 1, [&](index_t outer, index_t) {
      const auto length = [](index_t begin, index_t end) { return static_cast<double>(end - begin); };
      total += static_cast<index_t>(parallel_sum(outer, 3, length));
    });
    REQUIRE(total == 49 * 50 / 2);
  }
  set_threads(before);
}

TEST_CASE("random tensors have the same bits on any number of threads, and differ by seed") {
  const int before = threads();
  const auto draw = [](int count, std::uint64_t seed) {
    set_threads(count);
    std::vector<real> all;
    for (const Tensor& t : {Tensor::normal({3, 5001}, Rng(seed), 2, 1), Tensor::uniform({9999}, Rng(seed), -3, 4)}) {
      all.insert(all.end(), t.span().begin(), t.span().end());
    }
    return all;
  };
  const std::vector<real> first = draw(1, 1);
  REQUIRE(first == draw(2, 1));
  REQUIRE(first == draw(3, 1));
  REQUIRE(first != draw(3, 2));
  REQUIRE(first[7] == Approx(1 + 2 * Rng(1).normal(7)));
  REQUIRE(first[15003 + 9] == Approx(-3 + 7 * Rng(1).uniform(9)));
  set_threads(before);
}

TEST_CASE("bits of every width come from the same words") {
  constexpr Rng rng(3, 4);
  for (std::uint64_t i = 0; i < 64; ++i) {
    const auto block = rng.block(i / 4);
    REQUIRE(rng.bits(i) == block[i % 4]);
    REQUIRE(rng.bits64(i) == ((std::uint64_t{rng.bits(2 * i + 1)} << 32) | rng.bits(2 * i)));
    REQUIRE(rng.uniform(i) == std::ldexp(static_cast<double>(rng.bits64(i) >> 11), -53));
    REQUIRE(rng.below(1, i) == 0);
  }
}

TEST_CASE("shapes are checked, and count their axes from both ends") {
  const Shape shape{2, 3, 5};
  REQUIRE(shape.numel() == 30);
  REQUIRE(shape[-1] == 5);
  REQUIRE(Shape{}.numel() == 1);
  REQUIRE(concat_text(shape) == "[2, 3, 5]");
  REQUIRE(shape.without(1) == Shape{2, 5});
  REQUIRE(shape.inserted(3, 7) == Shape{2, 3, 5, 7});
  REQUIRE_THROWS_WITH(shape[3], Catch::Contains("axis 3 is not in shape [2, 3, 5]"));
  REQUIRE_THROWS_WITH((Shape{2, -1}), Catch::Contains("negative size -1"));
  REQUIRE_THROWS_WITH((Shape{index_t{1} << 30, 1 << 20}), Catch::Contains("2^40"));
  REQUIRE_THROWS_WITH((Shape{1, 1, 1, 1, 1, 1, 1, 1, 1}), Catch::Contains("9 axes"));
}

TEST_CASE("a shape may be empty, but not reach past its limits") {
  REQUIRE(Shape{3, 0, 2}.numel() == 0);
  REQUIRE(Shape{0, index_t{1} << 40}.numel() == 0);
  REQUIRE(Shape{index_t{1} << 40}.numel() == index_t{1} << 40);
  REQUIRE(Shape{1, 1, 1, 1, 1, 1, 1, 1}.ndim() == 8);
  REQUIRE(Shape{2, 3, 5}.product(1, 3) == 15);
  REQUIRE(Shape{2, 3, 5}.product(2, 2) == 1);
  REQUIRE(Shape{2, 3}.with(-1, 7) == Shape{2, 7});
  REQUIRE(Shape{2, 3}.without(-2) == Shape{3});
  REQUIRE_FALSE(Shape{2, 1} == Shape{2});
  REQUIRE_THROWS_AS((Shape{2, 3}.without(2)), Error);
  REQUIRE_THROWS_AS((Shape{2, 3}.with(-3, 1)), Error);
  REQUIRE_THROWS_WITH((Shape{2}.inserted(2, 1)), Catch::Contains("axis 2"));
  REQUIRE_THROWS_WITH((Shape{1, 1, 1, 1, 1, 1, 1, 1}.inserted(0, 1)), Catch::Contains("9 axes"));
  REQUIRE(Tensor({0, 3}).defined());
  REQUIRE_FALSE(Tensor().defined());
}

TEST_CASE("copies of a tensor share its elements, clones do not") {
  Tensor a = Tensor::from({1, 2, 3, 4}, {2, 2});
  Tensor same = a, shaped = reshape(a, Shape{4}), other = a.clone();
  same.mutable_data()[0] = 9;
  REQUIRE(shaped.data()[0] == 9);
  REQUIRE(other.data()[0] == 1);
  REQUIRE(shaped.shares_storage(a));
  REQUIRE_THROWS_WITH(reshape(a, Shape{3}), Catch::Contains("[2, 2] cannot become [3]"));
  REQUIRE_THROWS_WITH(a.item(), Catch::Contains("4 elements, not one"));
  REQUIRE_THROWS_WITH(Tensor::from({1}, {2}), Catch::Contains("1 values do not fill shape [2]"));
  REQUIRE_THROWS_WITH(IdTensor({1, 2, 3}, {2}), Catch::Contains("3 values do not fill shape [2]"));
}

TEST_CASE("freed memory is used again, and given back on request") {
  pool_trim();
  const PoolStats before = pool_stats();
  for (int i = 0; i < 10; ++i) const Tensor t({1000, 100});
  REQUIRE(pool_stats().system_requests == before.system_requests + 1);
  REQUIRE(pool_stats().bytes_in_use == before.bytes_in_use);
  {
    const Tensor t({1000, 100}), u({1000, 100});
    REQUIRE(pool_stats().bytes_in_use >= before.bytes_in_use + 200000 * sizeof(real));
    REQUIRE(pool_stats().peak_bytes >= pool_stats().bytes_in_use);
    REQUIRE(reinterpret_cast<std::uintptr_t>(t.data()) % 64 == 0);
  }
  pool_trim();
  REQUIRE(pool_stats().bytes_reserved <= before.bytes_reserved);
}

TEST_CASE("the pool's peak is the most in use since it was reset") {
  pool_reset_peak();
  const std::size_t start = pool_stats().bytes_in_use;
  REQUIRE(pool_stats().peak_bytes == start);
  { const Tensor t({1 << 16}), u({1 << 16}); }
  { const Tensor t({1 << 16}); }
  REQUIRE(pool_stats().peak_bytes == start + 2 * sizeof(real) * (1 << 16));
  REQUIRE(pool_stats().bytes_in_use == start);
  pool_reset_peak();
  REQUIRE(pool_stats().peak_bytes == start);
}

TEST_CASE("tensors may be made and freed on any thread") {
  const int before = threads();
  set_threads(4);
  const std::size_t in_use = pool_stats().bytes_in_use;
  std::vector<Tensor> kept(64);
  parallel_for(64, 1, [&](index_t i, index_t) {
    for (index_t n = 1; n < 100; ++n) kept[static_cast<std::size_t>(i)] = Tensor::full({n * 7}, static_cast<real>(i));
  });
  for (std::size_t i = 0; i < kept.size(); ++i) {
    for (const real v : kept[i].span()) REQUIRE(v == static_cast<real>(i));
  }
  kept.clear();
  REQUIRE(pool_stats().bytes_in_use == in_use);
  set_threads(before);
}

}  // namespace heddle
