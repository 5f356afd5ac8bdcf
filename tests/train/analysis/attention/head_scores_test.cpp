#include "train/analysis/attention/head_scores.h"

#include <catch2/catch.hpp>
#include <cmath>

namespace heddle {

TEST_CASE("a head's roles are the weights of the keys that they name") {
  // places 0 .. 3 hold the tokens 5 . 5 7, of which 1 is the full stop
  const Tensor weights =
      Tensor::from({1, 0, 0, 0, 0.25, 0.75, 0, 0, 0.5, 0.25, 0.25, 0, 0.125, 0.5, 0.25, 0.125}, {4, 4});
  const std::vector<std::int32_t> ids = {5, 1, 5, 7};
  std::vector<bool> delimiters(8);
  delimiters[1] = true;
  HeadScores scores;
  scores.add(weights, ids, delimiters);
  CHECK(scores.mean(HeadRole::previous) == Approx((0.25 + 0.25 + 0.25) / 3));
  CHECK(scores.mean(HeadRole::first) == Approx((0.25 + 0.5 + 0.125) / 3));
  CHECK(scores.mean(HeadRole::same) == Approx((1 + 0.75 + 0.25 + 0.125) / 4));
  CHECK(std::isnan(scores.mean(HeadRole::next)));          // none is seen
  CHECK(scores.mean(HeadRole::duplicate) == Approx(0.5));  // of the second 5 alone
  CHECK(scores.mean(HeadRole::delimiter) == Approx((0 + 0.75 + 0.25 + 0.5) / 4));
  CHECK(scores.mean(HeadRole::local) == Approx(1));
  CHECK(scores.mean(HeadRole::distance) == Approx((0 + 0.25 + 1.25 + 0.375 + 1 + 0.25) / 4));
  const auto entropy = [](std::vector<double> row) {
    double sum = 0;
    for (const double w : row) sum -= w * std::log(w);
    return sum;
  };
  CHECK(scores.mean(HeadRole::entropy) ==
        Approx((entropy({0.25, 0.75}) + entropy({0.5, 0.25, 0.25}) + entropy({0.125, 0.5, 0.25, 0.125})) / 4));
  CHECK(std::isnan(scores.mean(HeadRole::induction)));
}

TEST_CASE("a head that sees later places has a score of the next, and cross-attention none by places") {
  const Tensor weights = Tensor::from({0.25, 0.75, 1, 0}, {2, 2});
  HeadScores scores, cross;
  scores.add(weights, {}, {});
  CHECK(scores.mean(HeadRole::next) == Approx(0.75));  // of the first place: behind the last is none
  CHECK(scores.mean(HeadRole::previous) == 1);
  CHECK(std::isnan(scores.mean(HeadRole::delimiter)));
  const std::vector<std::int32_t> ids = {0, 1};
  cross.add(weights, ids, {false, true}, true);
  CHECK(cross.mean(HeadRole::first) == Approx(0.625));
  CHECK(cross.mean(HeadRole::delimiter) == Approx(0.375));
  for (const HeadRole role :
       {HeadRole::previous, HeadRole::next, HeadRole::same, HeadRole::distance, HeadRole::local, HeadRole::duplicate})
    CHECK(std::isnan(cross.mean(role)));
  CHECK_THROWS_WITH(scores.add(Tensor::zeros({2, 3}), {}, {}), Catch::Contains("2 queries of 3 keys"));
  CHECK_THROWS_WITH(scores.add(weights, std::vector<std::int32_t>{1}, {false, true}),
                    Catch::Contains("1 tokens for 2"));
}

TEST_CASE("an induction head looks behind the same token's first place") {
  constexpr index_t kPeriod = 3, kTime = 6;
  Tensor weights = Tensor::zeros({kTime, kTime});
  for (index_t i = 0; i < kTime; ++i) weights.mutable_data()[i * kTime + std::max<index_t>(0, i - kPeriod + 1)] = 1;
  HeadScores scores;
  scores.add_repeated(weights, kPeriod);
  CHECK(scores.mean(HeadRole::induction) == 1);
  scores.add_repeated(Tensor::full({kTime, kTime}, real{0.25}), kPeriod);
  CHECK(scores.mean(HeadRole::induction) == Approx((1 + 0.25) / 2));
}

}  // namespace heddle
