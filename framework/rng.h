#pragma once

#include <array>
#include <cmath>
#include <cstdint>
#include <numbers>

namespace heddle {

/// Counter-based random numbers: Philox4x32-10 (Salmon et al., "Parallel Random Numbers: As Easy as 1, 2, 3", SC 2011).
///
/// A generator is a value, not a state: number `index` of (seed, stream) is a pure function, so any thread can take any
/// number in any order, a run can be resumed at any step, and nothing has to be saved but the seed.
class Rng {
 public:
  constexpr explicit Rng(std::uint64_t seed = 0, std::uint64_t stream = 0) : seed_(seed), stream_(stream) {}

  /// An independent generator: same seed, the stream derived from this one's and `label` (a step, a layer, a use).
  constexpr Rng fork(std::uint64_t label) const { return Rng(seed_, mix(stream_ ^ mix(label + 0x9e3779b97f4a7c15U))); }

  constexpr std::uint64_t seed() const { return seed_; }

  /// Four random words for block `index`.
  constexpr std::array<std::uint32_t, 4> block(std::uint64_t index) const {
    std::array<std::array<std::uint32_t, 1>, 4> c{};
    blocks(index, c);
    return {c[0][0], c[1][0], c[2][0], c[3][0]};
  }

  /// The words of the N blocks from `index` on, word by word and in the order of the blocks. Sixteen lie side by side
  /// in vector registers, and come many times as fast as one by one.
  using Blocks = std::array<std::array<std::uint32_t, 16>, 4>;
  template <std::size_t N>
  constexpr void blocks(std::uint64_t index, std::array<std::array<std::uint32_t, N>, 4>& c) const {
    for (std::size_t i = 0; i < N; ++i) {
      c[0][i] = low(index + i);
      c[1][i] = high(index + i);
      c[2][i] = low(stream_);
      c[3][i] = high(stream_);
    }
    std::uint32_t k0 = low(seed_), k1 = high(seed_);
    for (int round = 0; round < 10; ++round) {
      for (std::size_t i = 0; i < N; ++i) {
        const std::uint64_t a = std::uint64_t{0xD2511F53U} * c[0][i], b = std::uint64_t{0xCD9E8D57U} * c[2][i];
        c[0][i] = high(b) ^ c[1][i] ^ k0;
        c[1][i] = low(b);
        c[2][i] = high(a) ^ c[3][i] ^ k1;
        c[3][i] = low(a);
      }
      k0 += 0x9E3779B9U;
      k1 += 0xBB67AE85U;
    }
  }

  /// 32 random bits.
  constexpr std::uint32_t bits(std::uint64_t index) const { return block(index / 4)[index % 4]; }
  /// 64 random bits.
  constexpr std::uint64_t bits64(std::uint64_t index) const {
    const auto b = block(index / 2);
    const std::size_t i = index % 2 * 2;
    return (std::uint64_t{b[i + 1]} << 32) | b[i];
  }
  /// Uniform in [0, 1) with 53 bits.
  constexpr double uniform(std::uint64_t index) const { return static_cast<double>(bits64(index) >> 11) * 0x1p-53; }
  /// Uniform in 0 .. n-1, n > 0. The bias is below n / 2^64.
  constexpr std::uint64_t below(std::uint64_t n, std::uint64_t index) const {
    return static_cast<std::uint64_t>((static_cast<unsigned __int128>(bits64(index)) * n) >> 64);
  }
  /// Standard normal by Box-Muller.
  double normal(std::uint64_t index) const {
    const auto b = block(index);
    const auto unit = [](std::uint32_t hi, std::uint32_t lo) {
      return static_cast<double>(((std::uint64_t{hi} << 32) | lo) >> 11) * 0x1p-53;
    };
    return std::sqrt(-2.0 * std::log(1.0 - unit(b[0], b[1]))) * std::cos(2.0 * std::numbers::pi * unit(b[2], b[3]));
  }

 private:
  static constexpr std::uint32_t low(std::uint64_t x) { return static_cast<std::uint32_t>(x); }
  static constexpr std::uint32_t high(std::uint64_t x) { return static_cast<std::uint32_t>(x >> 32); }
  /// splitmix64's finalizer: spreads labels over the streams.
  static constexpr std::uint64_t mix(std::uint64_t x) {
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9U;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebU;
    return x ^ (x >> 31);
  }

  std::uint64_t seed_;
  std::uint64_t stream_;
};

}  // namespace heddle
