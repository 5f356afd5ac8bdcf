#include "train/analysis/words/word_space.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <limits>

#include "data/io/utf8.h"
#include "tests/train/analysis/words/guide_words.h"

namespace heddle {
namespace {

std::vector<index_t> rows_of(const std::vector<ScoredWord>& words) {
  std::vector<index_t> rows;
  for (const ScoredWord& word : words) rows.push_back(word.row);
  return rows;
}

using Rows = std::vector<index_t>;

}  // namespace

TEST_CASE("a word's row is that of its first place, and case counts unless it is folded") {
  const std::vector<std::string> words = {"the", "King", "king", "the", "\xC3\xA4", "\xC3\x84"};
  const WordIndex exact(words), folded(words, true);
  CHECK(exact.row_of("the") == 0);
  CHECK(exact.row_of("king") == 2);
  CHECK(exact.row_of("KING") == -1);
  CHECK(folded.row_of("king") == 1);
  CHECK(folded.row_of("kING") == 1);
  CHECK(folded.row_of("\xC3\x84") == 5);  // ASCII alone is folded
  CHECK(folded.row_of("queen") == -1);
}

TEST_CASE("words are asked as the text was read, and in any case where all words are in lower case") {
  const Tensor rows = Tensor::from({1, 0, 0, 1}, {2, 2});
  const WordSpace lower({{"queen", "\u00E4rger"}, rows});
  CHECK(lower.find("QUEEN") == 0);
  CHECK(lower.find("\u00C4rger") == 1);
  const WordSpace mixed({{"queen", "Paris"}, rows});
  CHECK(mixed.row_as_typed("QUEEN") == -1);
  CHECK_THROWS_WITH(mixed.find("QUEEN"), "word 'QUEEN' is not in the vocabulary; near it: queen");
  WordVectors read{{"queen", "Paris"}, rows, [](std::string_view word) { return std::string(word.substr(1)); }};
  CHECK(WordSpace(read).find("xqueen") == 0);
  CHECK(WordSpace(read).row_as_typed("queen") == -1);
}

TEST_CASE("vectors are divided by their lengths, in a copy, and zeros stay") {
  const WordVectors given = {{"long", "short", "none"}, Tensor::from({30, 40, -0.3F, 0.4F, 0, 0}, {3, 2})};
  const WordSpace space(given);
  CHECK(space.direction(0)[0] == Approx(0.6));
  CHECK(space.direction(1)[0] == Approx(-0.6));
  CHECK(space.direction(1)[1] == Approx(0.8));
  CHECK(space.has_direction(1));
  CHECK(space.direction(2)[0] == 0);
  CHECK_FALSE(space.has_direction(2));
  CHECK(given.vectors.data()[0] == 30);
}

TEST_CASE("a word that is missing is answered with those spelt nearly so") {
  const WordSpace space({{"queen", "king", "man", "kin", "thing"}, Tensor::full({5, 1}, 1)});
  CHECK(space.find("kin") == 3);
  REQUIRE_THROWS_WITH(space.find("kng"), "word 'kng' is not in the vocabulary; near it: king, kin");
  REQUIRE_THROWS_WITH(space.find("zebra"), "word 'zebra' is not in the vocabulary");
  REQUIRE_THROWS_WITH(space.find("a\nb"), Catch::Contains("'a\\nb'"));
  const WordVectors small = {{"king", "\u00E4rger\xFF", "King"}, Tensor::from({1, 2, 3}, {3, 1})};
  CHECK(WordSpace(small).find("King") == 2);
  const WordSpace letters({small.words, small.vectors, lower_case});
  CHECK(letters.find("King") == 0);
  const WordSpace pieces({{" queen", "ueen"}, Tensor::full({2, 1}, 1)});
  CHECK_THROWS_WITH(pieces.find("queen"), Catch::EndsWith("near it: ' queen', with a blank and in quotation marks"));
  CHECK(letters.find("\u00C4RGER\xFF") == 1);
}

TEST_CASE("neighbors are all words in the order of their cosines") {
  const index_t words = 3000, d = 9;
  WordVectors vectors{{}, Tensor::normal({words, d}, Rng(2))};
  for (index_t i = 0; i < words; ++i) vectors.words.push_back("w" + std::to_string(i));
  const WordSpace space(vectors);
  const Tensor query = Tensor::normal({d}, Rng(3));
  const auto cosine = [&](index_t row) {
    double xy = 0, xx = 0, yy = 0;
    for (index_t i = 0; i < d; ++i) {
      const double x = query.data()[i], y = vectors.vectors.data()[row * d + i];
      xy += x * y, xx += x * x, yy += y * y;
    }
    return xy / std::sqrt(xx * yy);
  };
  const std::vector<ScoredWord> found = space.neighbors(query.span(), words);
  REQUIRE(found.size() == static_cast<std::size_t>(words));
  double before = 2, sum = 0;
  for (const ScoredWord& word : found) {
    REQUIRE(word.score == Approx(cosine(word.row)).margin(1e-6));
    REQUIRE(word.score <= before);
    before = word.score;
    sum += static_cast<double>(word.row);
  }
  CHECK(sum == static_cast<double>(words) * static_cast<double>(words - 1) / 2);  // each once
  const Rows nearest = rows_of(space.neighbors(query.span(), 3));
  CHECK(nearest == Rows{found[0].row, found[1].row, found[2].row});
  const Rows excluded = {found[1].row, found[0].row};
  CHECK(rows_of(space.neighbors(query.span(), 1, excluded)) == Rows{found[2].row});
}

TEST_CASE("of equal cosines the lower row comes first, and zero vectors have cosine 0") {
  const WordSpace space({{"a", "none", "b", "c", "against"}, Tensor::from({1, 2, 0, 0, 3, 6, 2, 4, -1, -2}, {5, 2})});
  const std::vector<real> query = {2, 4}, zero = {0, 0};
  const auto found = space.neighbors(query, 9);
  CHECK(rows_of(found) == Rows{0, 2, 3, 1, 4});
  CHECK(found[0].score == Approx(1));
  CHECK(found[3].score == 0);
  CHECK(found[4].score == Approx(-1));
  CHECK(rows_of(space.neighbors(zero, 2)) == Rows{0, 1});
  CHECK(space.neighbors(zero, 1)[0].score == 0);
  CHECK(space.neighbors(query, 0).empty());
}

TEST_CASE("word vectors that do not fit their words, and numbers that are not finite, are refused") {
  constexpr real inf = std::numeric_limits<real>::infinity();
  REQUIRE_THROWS_WITH(WordSpace({{}, Tensor({0, 2})}), Catch::Contains("no words"));
  REQUIRE_THROWS_WITH(WordSpace({{"a", "b"}, Tensor::full({3, 2}, 1)}), Catch::Contains("2 words need vectors [2, D]"));
  REQUIRE_THROWS_WITH(WordSpace({{"a", "b"}, Tensor::full({2}, 1)}), Catch::Contains("these are [2]"));
  REQUIRE_THROWS_WITH(WordSpace({{"a"}, Tensor({1, 0})}), Catch::Contains("need vectors"));
  REQUIRE_THROWS_WITH(WordSpace({{"a", "b"}, Tensor::from({1, 2, 3, std::nanf("")}, {2, 2})}),
                      Catch::Contains("that of 'b' (row 1)"));
  REQUIRE_THROWS_WITH(WordSpace({{"a", "b"}, Tensor::from({1, inf, 3, 4}, {2, 2})}), Catch::Contains("'a'"));
  REQUIRE_THROWS_WITH(WordSpace({{"a"}, Tensor::from({1e30F, 1}, {1, 2})}), Catch::Contains("too large"));
  const WordSpace space(guide_words());
  const std::vector<real> three = {1, 2, 3}, nan = {1, std::nanf("")};
  REQUIRE_THROWS_WITH(space.neighbors(three, 1), Catch::Contains("3 numbers"));
  REQUIRE_THROWS_WITH(space.neighbors(nan, 1), Catch::Contains("not finite"));
}

}  // namespace heddle
