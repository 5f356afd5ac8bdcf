#include "train/analysis/space/static_share.h"

#include "tests/train/analysis/geometry/points.h"

namespace heddle {
namespace {

constexpr index_t kTokens = 20, kTimes = 15, kDims = 16;

/// Occurrences of twenty tokens, 15 of each in turn: `along` times a direction of the token's own, by a length that
/// varies, plus normal noise of deviation `noise`.
Tensor occurrences(double along, double noise) {
  const Tensor directions = Tensor::normal({kTokens, kDims}, Rng(1));
  Tensor x = Tensor::normal({kTokens * kTimes, kDims}, Rng(2), noise);
  for (index_t i = 0; i < x.size(0); ++i) {
    const double length = along * (1 + Rng(3).uniform(static_cast<std::uint64_t>(i)));
    for (index_t d = 0; d < kDims; ++d)
      x.mutable_data()[i * kDims + d] += static_cast<real>(length) * directions.data()[i % kTokens * kDims + d];
  }
  return x;
}

std::vector<std::int32_t> in_turn() {
  std::vector<std::int32_t> ids;
  for (index_t i = 0; i < kTokens * kTimes; ++i) ids.push_back(static_cast<std::int32_t>(i % kTokens));
  return ids;
}

}  // namespace

TEST_CASE("a static vector explains all of tokens whose occurrences lie on a line, and no more than chance of noise") {
  const StaticShare line = static_share(occurrences(1, 0), in_turn(), Rng(4));
  CHECK(line.share == Approx(1));
  CHECK(line.chance < 0.5);
  CHECK(line.chance > 0.1);
  const StaticShare noise = static_share(occurrences(0, 1), in_turn(), Rng(4));
  CHECK(noise.share == Approx(noise.chance).epsilon(0.1));
  CHECK(noise.share < 0.3);
  const StaticShare some = static_share(occurrences(1, 0.5), in_turn(), Rng(4));
  CHECK(some.share < 0.98);
  CHECK(some.share > 0.8);
}

TEST_CASE("only tokens that occur ten times count, and none that do is not told") {
  std::vector<std::int32_t> ids = in_turn();
  Tensor x = occurrences(1, 0);
  // token 20 occurs nine times, and its occurrences lie on no line
  const Tensor noise = Tensor::normal({10, kDims}, Rng(8));
  Tensor more({x.size(0) + 10, kDims});
  std::copy_n(x.data(), x.numel(), more.mutable_data());
  std::copy_n(noise.data(), noise.numel(), more.mutable_data() + x.numel());
  ids.insert(ids.end(), 9, 20);
  ids.push_back(21);
  CHECK(static_share(more, ids, Rng(4)).share == Approx(1));
  ids.back() = 20;
  CHECK(static_share(more, ids, Rng(4)).share < 0.99);
  const StaticShare none = static_share(noise, std::vector<std::int32_t>(10, 0), Rng(4));
  CHECK(std::isfinite(none.share));
  CHECK(std::isnan(static_share(noise, std::vector<std::int32_t>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, Rng(4)).share));
  CHECK_THROWS_WITH(static_share(noise, in_turn(), Rng(4)), Catch::Contains("10 vectors stand at 300 tokens"));
}

TEST_CASE("the share that a static vector explains is the same on any number of threads") {
  require_same_on_any_threads([] {
    const StaticShare found = static_share(occurrences(1, 0.5), in_turn(), Rng(4));
    return std::vector{found.share, found.chance};
  });
}

}  // namespace heddle
