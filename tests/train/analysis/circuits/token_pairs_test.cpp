#include "train/analysis/circuits/token_pairs.h"

#include <algorithm>
#include <catch2/catch.hpp>

#include "framework/ops.h"

namespace heddle {
namespace {

HeadWeights some_head() {
  HeadWeights head;
  head.query = Tensor::normal({4, 12}, Rng(1, 0));
  head.key = Tensor::normal({4, 12}, Rng(1, 1));
  head.scale = 0.5;
  return head;
}

}  // namespace

TEST_CASE("the highest pairs are those of the whole matrix, falling, query and key in their places") {
  const HeadWeights head = some_head();
  const index_t count = 300;  // more than are looked at together
  Tensor tokens = Tensor::normal({count, 12}, Rng(2));
  for (real& x : tokens.mutable_span().last(40 * 12)) x *= 1.5F;  // some of the best come late
  const Tensor all =
      matmul(matmul(tokens, head.query, false, true), matmul(tokens, head.key, false, true), false, true) * real{0.5};
  std::vector<real> sorted(all.span().begin(), all.span().end());
  std::sort(sorted.begin(), sorted.end(), std::greater<>());
  const std::vector<TokenPair> best = top_pairs(head, tokens, 9);
  REQUIRE(best.size() == 9);
  bool late = false;
  for (std::size_t i = 0; i < best.size(); ++i) {
    CHECK(best[i].score == Approx(static_cast<double>(sorted[i])).epsilon(1e-4));
    CHECK(best[i].score == Approx(static_cast<double>(all.data()[best[i].query * count + best[i].key])).epsilon(1e-4));
    late = late || best[i].query >= 256;
  }
  CHECK(late);
}

TEST_CASE("pairs that are alike stand in the order of their tokens, and no more are given than there are") {
  HeadWeights head = some_head();
  const Tensor same = expand(Tensor::normal({1, 12}, Rng(3)), Shape{3, 12});
  const std::vector<TokenPair> best = top_pairs(head, same, 4);
  REQUIRE(best.size() == 4);
  CHECK((best[0].query == 0 && best[0].key == 0));
  CHECK((best[1].query == 0 && best[1].key == 1));
  CHECK((best[3].query == 1 && best[3].key == 0));
  CHECK(top_pairs(head, same, 100).size() == 9);
  CHECK(top_pairs(head, same, 0).empty());
}

}  // namespace heddle
