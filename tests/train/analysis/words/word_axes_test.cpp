#include "train/analysis/words/word_axes.h"

#include <catch2/catch.hpp>

#include "tests/train/analysis/words/guide_words.h"

namespace heddle {
namespace {

std::vector<std::string> words_of(const std::vector<RatedWord>& rated) {
  std::vector<std::string> words;
  for (const RatedWord& r : rated) words.push_back(r.word);
  return words;
}

}  // namespace

TEST_CASE("the guide's plane: gender and royalty are axes at right angles, with every word in its place") {
  const WordVectors words = guide_words();
  const WordSpace space(words);
  const WordAxis gender = word_axis(space, words.vectors, {{"man", "woman"}, {"king", "queen"}}, 2, 4);
  const WordAxis royalty = word_axis(space, words.vectors, {{"man", "king"}, {"woman", "queen"}}, 1, 4);
  CHECK(gender.name() == "man to woman");
  CHECK(gender.axis.agreement == Approx(1));
  CHECK(cosine_of(gender.axis, royalty.axis) == Approx(0).margin(1e-6));
  CHECK(cosine_of(gender.axis, gender.axis) == Approx(1));
  // the direction is (-1, 0), and places are those of the vectors in their own lengths
  REQUIRE(gender.places.size() == 4);
  const std::vector<double> places = {-0.8, 0.8, -0.8, 0.8};
  for (std::size_t i = 0; i < 4; ++i) CHECK(gender.places[i] == Approx(places[i]));
  CHECK(words_of(gender.low) == std::vector<std::string>{"king", "man"});
  CHECK(words_of(gender.high) == std::vector<std::string>{"queen", "woman"});
  CHECK(gender.low[0].score == Approx(-0.8));
  CHECK(words_of(royalty.high) == std::vector<std::string>{"king"});
  CHECK(royalty.high[0].score == Approx(0.9));
}

TEST_CASE("an axis' ends are sought among the common words alone, and never more than there are") {
  const WordVectors words = guide_words();
  const WordSpace space(words);
  const WordAxis gender = word_axis(space, words.vectors, {{"man", "woman"}}, 10, 2);
  CHECK(words_of(gender.low) == std::vector<std::string>{"king", "queen"});
  CHECK(words_of(gender.high) == std::vector<std::string>{"queen", "king"});
  CHECK(gender.places.size() == 4);
}

TEST_CASE("the picture of two axes shows each word of the pairs once, and those that are asked for") {
  WordVectors words = guide_words();
  words.words.insert(words.words.end(), {"child", "stone"});
  std::vector<real> values(words.vectors.data(), words.vectors.data() + 8);
  values.insert(values.end(), {0, 0.2F, 0, 0.3F});
  words.vectors = Tensor::from(values, {6, 2});
  const WordSpace space(words);
  const WordAxis gender = word_axis(space, words.vectors, {{"man", "woman"}}, 1, 6);
  const WordAxis royalty = word_axis(space, words.vectors, {{"man", "king"}}, 1, 6);
  const Scatter picture = axes_picture(space, gender, royalty, {"child", "man"});
  REQUIRE(picture.points.size() == 4);  // king, man, woman, child: in the order of the vocabulary
  CHECK(picture.points[0].label == "king");
  CHECK(picture.points[1].label == "man");
  CHECK(picture.points[2].label == "woman");
  CHECK(picture.points[3].label == "child");
  CHECK(picture.points[0].x == Approx(-0.8));
  CHECK(picture.points[0].y == Approx(0.9));
  CHECK(picture.across == "man to woman");
  CHECK(picture.up == "man to king");
  CHECK(picture.centred);
  using Arrows = std::vector<std::pair<std::size_t, std::size_t>>;
  CHECK(picture.arrows == Arrows{{1, 2}, {1, 0}});  // man to woman, man to king
  CHECK_THROWS_WITH(axes_picture(space, gender, royalty, {"kin"}), Catch::Contains("'kin' is not in the vocabulary"));
}

}  // namespace heddle
