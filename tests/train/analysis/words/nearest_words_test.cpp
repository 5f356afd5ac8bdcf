#include "train/analysis/words/nearest_words.h"

#include <catch2/catch.hpp>

#include "tests/train/analysis/words/guide_words.h"

namespace heddle {

TEST_CASE("a word's nearest come with their cosines, without itself and what is excluded") {
  const WordSpace space(guide_words());
  const NearestWords found = nearest_words(space, "king", 3);
  CHECK(found.word == "king");
  REQUIRE(found.nearest.size() == 3);
  CHECK(found.nearest[0].word == "man");
  CHECK(found.nearest[0].score == Approx((0.64 + 0.09) / std::sqrt(1.45 * 0.65)));
  CHECK(found.nearest[1].word == "queen");
  CHECK(found.nearest[1].score == Approx((0.81 - 0.64) / 1.45));
  CHECK(found.nearest[2].word == "woman");
  const NearestWords fewer = nearest_words(space, "king", 3, {2});
  REQUIRE(fewer.nearest.size() == 2);
  CHECK(fewer.nearest[0].word == "queen");
}

TEST_CASE("nothing is near a word that is not there, or whose vector is zero") {
  const WordSpace space({{"king", "nothing"}, Tensor::from({1, 0, 0, 0}, {2, 2})});
  CHECK_THROWS_WITH(nearest_words(space, "kin", 1), Catch::Contains("near it: king"));
  CHECK_THROWS_WITH(nearest_words(space, "nothing", 1), Catch::Contains("'nothing' is zero"));
}

}  // namespace heddle
