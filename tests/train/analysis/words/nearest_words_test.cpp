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
  WordVectors asked = guide_words();  // king, queen, man, woman
  asked.asked = 2;
  const WordSpace half(asked);
  const NearestWords fewer = nearest_words(half, "man", 3);  // those that are there to be asked for are no answers
  REQUIRE(fewer.nearest.size() == 2);
  CHECK(fewer.nearest[0].word == "king");
  CHECK(fewer.nearest[1].word == "queen");
}

TEST_CASE("two words' cosine is that of their vectors, whatever their lengths") {
  const WordSpace space({{"a", "b", "none"}, Tensor::from({3, 0, 0.5F, 0.5F, 0, 0}, {3, 2})});
  const PairCosine found = pair_cosine(space, "a", "b");
  CHECK(found.first == "a");
  CHECK(found.second == "b");
  CHECK(found.cosine == Approx(std::sqrt(0.5)));
  CHECK(pair_cosine(space, "b", "b").cosine == Approx(1));
  CHECK_THROWS_WITH(pair_cosine(space, "a", "none"), Catch::Contains("'none' is zero"));
  CHECK_THROWS_WITH(pair_cosine(space, "x", "a"), Catch::Contains("'x' is not in the vocabulary"));
}

TEST_CASE("nothing is near a word that is not there, or whose vector is zero") {
  const WordSpace space({{"king", "nothing"}, Tensor::from({1, 0, 0, 0}, {2, 2})});
  CHECK_THROWS_WITH(nearest_words(space, "kin", 1), Catch::Contains("near it: king"));
  CHECK_THROWS_WITH(nearest_words(space, "nothing", 1), Catch::Contains("'nothing' is zero"));
}

}  // namespace heddle
