#include "data/text/ngram.h"

#include <catch2/catch.hpp>
#include <cmath>
#include <vector>

#include "tests/data/text/text_fixture.h"
#include "tests/real_data.h"

namespace heddle {

TEST_CASE("baselines are Witten and Bell's, as counted by hand") {
  // train a a b a: c(a)=3, c(b)=1, two kinds; after a: a, b; after b: a
  const std::vector<std::int32_t> train = {0, 0, 1, 0}, val = {0, 1};
  const NgramLosses b = count_ngrams(train, val, 4);
  REQUIRE(b.uniform == Approx(std::log(4.0)));
  const double p_b = (1 + 2 * 0.25) / (4 + 2);
  REQUIRE(b.unigram == Approx(-std::log(p_b)));
  const double p_b_after_a = (1 + 2 * p_b) / (2 + 2);
  REQUIRE(b.bigram == Approx(-std::log(p_b_after_a)));
  REQUIRE(b.five_gram == Approx(-std::log(p_b_after_a)));  // val's one prediction has but one token before it
}

TEST_CASE("a 5-gram mixes every order that was seen, and an unseen history leaves it to the shorter one") {
  // train a b a b b. After b: a, b once each; after ab: a, b once each; after bab and abab: b; after abb: nothing.
  const std::vector<std::int32_t> train = {0, 1, 0, 1, 1};
  const double a = (2 + 2 * 0.5) / (5 + 2), b = (3 + 2 * 0.5) / (5 + 2);
  const double b_after_a = (2 + 1 * b) / (2 + 1), a_after_b = (1 + 2 * a) / (2 + 2), b_after_b = (1 + 2 * b) / (2 + 2);
  const double a_after_ab = (1 + 2 * a_after_b) / (2 + 2), b_after_ab = (1 + 2 * b_after_b) / (2 + 2);
  const double b_after_ba = (1 + 1 * b_after_a) / (1 + 1), b_after_aba = (1 + 1 * b_after_ba) / (1 + 1);
  const double b_after_bab = (1 + 1 * b_after_ab) / (1 + 1), b_after_abab = (1 + 1 * b_after_bab) / (1 + 1);
  const std::vector<std::int32_t> val = {0, 1, 0,
                                         1, 1, 0};  // the last: neither babb, abb nor bb was followed by anything
  const double likelihood = b_after_a * a_after_ab * b_after_aba * b_after_abab * a_after_b;
  REQUIRE(count_ngrams(train, val, 2).five_gram == Approx(-std::log(likelihood) / 5));
}

TEST_CASE("a longer history predicts a repeating text better, and unseen tokens cost finitely much") {
  std::vector<std::int32_t> text;
  for (int i = 0; i < 3000; ++i) text.push_back("abcabd"[i % 6] - 'a');
  const std::span<const std::int32_t> all = text;
  const NgramLosses b = count_ngrams(all.first(2700), all.last(300), 10);
  REQUIRE(b.unigram < b.uniform);
  REQUIRE(b.bigram < b.unigram / 2);
  REQUIRE(b.five_gram < 0.02);
  REQUIRE(b.counted == 2700);
  REQUIRE(b.judged == 300);
  const std::vector<std::int32_t> unseen = {8, 9, 8};
  REQUIRE(std::isfinite(count_ngrams(all, unseen, 10).five_gram));
}

TEST_CASE("of a long text the ends are counted and judged") {
  std::vector<std::int32_t> train(2000000, 1), val(250000, 1);
  const NgramLosses ends = count_ngrams(train, val, 2);
  train.insert(train.begin(), 1000, 0);
  val.insert(val.begin(), 1000, 0);
  const NgramLosses b = count_ngrams(train, val, 2);
  REQUIRE(b.counted == 2000000);
  REQUIRE(b.judged == 250000);
  REQUIRE(b.unigram == ends.unigram);
  REQUIRE(b.five_gram == ends.five_gram);
}

TEST_CASE("counting needs a token to count and one to predict") {
  const std::vector<std::int32_t> none, one = {1}, two = {1, 1};
  REQUIRE_THROWS_WITH(count_ngrams(two, one, 10), Catch::Contains("predict none"));
  REQUIRE_THROWS_WITH(count_ngrams(none, two, 10), Catch::Contains("no training tokens"));
  REQUIRE(std::isfinite(count_ngrams(one, two, 10).five_gram));
}

TEST_CASE("what counting reaches on tiny shakespeare") {
  const std::string path = real_data("tinyshakespeare/input.txt");
  if (path.empty()) return;
  const auto text = load_text(text_at(path), 64);
  const NgramLosses b = count_ngrams(text->tokens(Split::train), text->tokens(Split::val), 65);
  REQUIRE(b.unigram == Approx(3.347).margin(0.001));
  REQUIRE(b.bigram == Approx(2.486).margin(0.001));
  REQUIRE(b.five_gram == Approx(1.669).margin(0.001));
}

}  // namespace heddle
