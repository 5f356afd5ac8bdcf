#include "train/analysis/words/word_expression.h"

#include <catch2/catch.hpp>
#include <cmath>

#include "tests/train/analysis/words/guide_words.h"

namespace heddle {
namespace {

using Terms = std::vector<Term>;

double cosine(const WordVectors& vectors, index_t a, index_t b) {
  const real *x = vectors.vectors.data() + 2 * a, *y = vectors.vectors.data() + 2 * b;
  return (x[0] * y[0] + x[1] * y[1]) / (std::hypot(x[0], x[1]) * std::hypot(y[0], y[1]));
}

}  // namespace

TEST_CASE("a sum of words may be written in one string or many, its signs alone or before their words") {
  const Terms wanted = {{"king", 1}, {"man", -1}, {"woman", 1}};
  CHECK(parse_expression({"king - man + woman"}) == wanted);
  CHECK(parse_expression({"king", "-", "man", "+", "woman"}) == wanted);
  CHECK(parse_expression({"king", "-man", "+woman"}) == wanted);
  CHECK(parse_expression({" king\t-man", "+  woman "}) == wanted);
  CHECK(parse_expression({"+king", "-man +", "woman"}) == wanted);
  CHECK(parse_expression({"-", "man", "+king"}) == Terms{{"man", -1}, {"king", 1}});
  CHECK(parse_expression({"king"}) == Terms{{"king", 1}});
  CHECK(parse_expression({"well-known - a+b + c- +-5"}) == Terms{{"well-known", 1}, {"a+b", -1}, {"c-", 1}, {"-5", 1}});
}

TEST_CASE("what stands between two signs in one string is one word with its blanks, and so is what stands in quotes") {
  const Terms wanted = {{"new york", 1}, {"usa", -1}, {"france", 1}};
  CHECK(parse_expression({"new york", "-", "usa", "+", "france"}) == wanted);
  CHECK(parse_expression({"new york - usa +france"}) == wanted);
  CHECK(parse_expression({"\"new york\" - usa + france"}) == wanted);
  CHECK(parse_expression({"\"new york\"", "-\"usa\"", "+ france"}) == wanted);
  CHECK(parse_expression({". . . - a"}) == Terms{{". . .", 1}, {"a", -1}});
  CHECK(parse_expression({"\"-5\" - \"a - b\""}) == Terms{{"-5", 1}, {"a - b", -1}});
  CHECK(parse_expression({"\" - a\"b"}) == Terms{{"\"", 1}, {"a\"b", -1}});  // quotes that close no word are its own
  CHECK(parse_expression({"\"\" + \""}) == Terms{{"\"\"", 1}, {"\"", 1}});
  REQUIRE_THROWS_WITH(parse_expression({"new york", "usa"}), Catch::Contains("no sign before 'usa'"));
}

TEST_CASE("sums without words, signs without words and words without signs are refused") {
  REQUIRE_THROWS_WITH(parse_expression({}), Catch::Contains("no words"));
  REQUIRE_THROWS_WITH(parse_expression({"", "  "}), Catch::Contains("no words"));
  REQUIRE_THROWS_WITH(parse_expression({"king - "}), Catch::Contains("no word after the last sign"));
  REQUIRE_THROWS_WITH(parse_expression({"-"}), Catch::Contains("no word after the last sign"));
  REQUIRE_THROWS_WITH(parse_expression({"king - + man"}), Catch::Contains("two signs"));
  REQUIRE_THROWS_WITH(parse_expression({"king +", "-man"}), Catch::Contains("two signs"));
  REQUIRE_THROWS_WITH(parse_expression({"king", "man"}), Catch::Contains("no sign before 'man'"));
}

TEST_CASE("king - man + woman is queen, by sums and by products") {
  const WordSpace space(guide_words());
  const AnalogyMethod method = GENERATE(AnalogyMethod::add, AnalogyMethod::mul);
  const auto answer = solve(space, parse_expression({"king - man + woman"}), method, 9);
  REQUIRE(answer.size() == 1);  // the sum's own words are left out
  CHECK(space.word(answer[0].row) == "queen");
}

TEST_CASE("scores are those of the two formulas") {
  const WordVectors vectors = {{"a", "b", "c", "d", "none"},
                               Tensor::from({0.8F, 0.9F, -1.6F, 1.8F, 0.2F, 0.1F, -4, 0.5F, 0, 0}, {5, 2})};
  const WordSpace space(vectors);
  const Terms terms = {{"a", 1}, {"b", -1}, {"c", 1}};
  const auto unit = [&](index_t row, index_t i) {
    const real* v = vectors.vectors.data() + 2 * row;
    return v[i] / std::hypot(v[0], v[1]);
  };
  const double x = unit(0, 0) - unit(1, 0) + unit(2, 0), y = unit(0, 1) - unit(1, 1) + unit(2, 1);
  const auto add = solve(space, terms, AnalogyMethod::add, 9);
  REQUIRE(add.size() == 2);
  CHECK(add[0].row == 4);  // a cosine of 0 is more than d's
  CHECK(add[0].score == 0);
  CHECK(add[1].score == Approx((x * unit(3, 0) + y * unit(3, 1)) / std::hypot(x, y)));
  const auto mul = solve(space, terms, AnalogyMethod::mul, 9);
  REQUIRE(mul.size() == 2);
  const auto shifted = [&](index_t a, index_t b) { return (1 + cosine(vectors, a, b)) / 2; };
  CHECK(mul[0].row == 4);
  CHECK(mul[0].score == Approx(0.25 / 0.501));
  CHECK(mul[1].score == Approx(shifted(0, 3) * shifted(2, 3) / (shifted(1, 3) + 0.001)));
  CHECK(solve(space, {{"a", 1}, {"none", -1}}, AnalogyMethod::add, 9)[0].row == 2);
}

TEST_CASE("a sum whose directions cancel out is refused, however it is rounded") {
  WordVectors vectors{{}, Tensor::normal({20, 300}, Rng(3))};
  for (int w = 0; w < 20; ++w) vectors.words.push_back("w" + std::to_string(w));
  std::fill_n(vectors.vectors.mutable_data() + 300, 300, real{0});
  for (index_t d = 0; d < 300; ++d) vectors.vectors.mutable_data()[600 + d] = -3 * vectors.vectors.data()[d];
  const WordSpace space(vectors);
  const auto ask = [&](const std::string& text, AnalogyMethod method = AnalogyMethod::add) {
    return solve(space, parse_expression({text}), method, 5).size();
  };
  for (const AnalogyMethod method : {AnalogyMethod::add, AnalogyMethod::mul}) {
    for (const char* sum : {"w0 - w0", "w3 - w4 + w4 - w3"})
      CHECK_THROWS_WITH(ask(sum, method), Catch::Contains("cancel out to zero"));
  }
  for (const char* sum : {"w1", "w1 + w1 - w1", "w0 + w2", "w3 + w4 + w5 - w4 - w3 - w5"})
    CHECK_THROWS_WITH(ask(sum), Catch::Contains("cancel out to zero"));
  CHECK(ask("w0 - w0 + w3") == 5);
  CHECK(ask("w0 + w2", AnalogyMethod::mul) == 5);  // a product has no zero
}

TEST_CASE("a sum of words that are not there is refused, and one that lacks blanks is told so") {
  const WordSpace space(guide_words());
  const auto ask = [&](const std::string& text) { solve(space, parse_expression({text}), AnalogyMethod::add, 1); };
  REQUIRE_THROWS_WITH(ask("king - men"), "word 'men' is not in the vocabulary; near it: man");
  REQUIRE_THROWS_WITH(ask("king-man+woman"),
                      Catch::Contains("'king-man+woman'") && Catch::Contains("signs between blanks"));
  REQUIRE_THROWS_WITH(ask("king man"), Catch::Contains("'king·man'") && Catch::Contains("signs between blanks"));
  REQUIRE_THROWS_WITH(solve(space, {}, AnalogyMethod::mul, 1), Catch::Contains("no words"));
}

}  // namespace heddle
