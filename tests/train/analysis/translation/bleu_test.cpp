#include "train/analysis/translation/bleu.h"

#include <catch2/catch.hpp>

#include "data/io/lines.h"
#include "tests/real_data.h"
#include "tests/train/analysis/translation/translation_fixture.h"

namespace heddle {
namespace {

/// Errors: what differs from sacreBLEU's values of all its ways to compute it.
void check_bleu(const Sentences& hypotheses, const Sentences& references, const nlohmann::json& wanted) {
  for (const auto& [name, options] : {std::pair("13a", BleuOptions()),
                                      {"13a lc", {BleuTokens::mteval_13a, true}},
                                      {"none", {BleuTokens::none, false}}}) {
    INFO(name);
    const nlohmann::json& values = wanted.at(name);
    const Bleu bleu = corpus_bleu(hypotheses, references, options);
    CHECK(bleu.score == Approx(values.at("score").get<double>()).epsilon(1e-12).margin(1e-12));
    for (std::size_t n = 0; n < 4; ++n)
      CHECK(bleu.precisions[n] == Approx(values.at("precisions")[n].get<double>()).epsilon(1e-14));
    CHECK(bleu.brevity_penalty == Approx(values.at("brevity_penalty").get<double>()).epsilon(1e-14));
    CHECK(bleu.hypothesis_length == values.at("lengths")[0]);
    CHECK(bleu.reference_length == values.at("lengths")[1]);
    CHECK(bleu.signature == with_our_version(values.at("signature")));
  }
}

}  // namespace

TEST_CASE("BLEU is sacreBLEU's: with case and without, in tokens already, and of what a corpus should not hold") {
  const nlohmann::json golden = golden_translation();
  for (const nlohmann::json& one : golden.at("cases")) {
    INFO(one.at("name"));
    check_bleu(one.at("hypotheses"), one.at("references"), one);
  }
  CHECK(golden.at("cases").size() == 29);
}

TEST_CASE("BLEU of a thousand real sentences with disturbed copies is sacreBLEU's") {
  const std::string path = real_data("multi30k/test_2016_flickr.en.gz");
  if (path.empty()) return;
  Sentences english;
  for_lines(path, "sentence file", [&](const std::string& line, const auto&) { english.push_back(line); });
  REQUIRE(english.size() == 1000);
  check_bleu(disturbed(english), english, golden_translation().at("multi30k"));
}

TEST_CASE("words by 13a are sacreBLEU's for random texts of what it looks at") {
  const nlohmann::json golden = golden_translation();
  for (const nlohmann::json& one : golden.at("tokens")) {
    INFO(one[0]);
    CHECK(tokenize_13a(one[0].get<std::string>()) == one[1].get<Sentences>());
  }
  CHECK(golden.at("tokens").size() == 400);
}

TEST_CASE("BLEU does not depend on the order of the sentences, and bytes that are no UTF-8 are bytes of words") {
  const Sentences hypotheses = {"the cat sat on a mat", "my dog ran away today", "so it is"},
                  references = {"the cat sat on the mat", "the dog ran away from home", "so it was then"};
  const Bleu bleu = corpus_bleu(hypotheses, references);
  CHECK(bleu.score > 0);
  CHECK(
      corpus_bleu(Sentences(hypotheses.rbegin(), hypotheses.rend()), Sentences(references.rbegin(), references.rend()))
          .score == bleu.score);
  CHECK(tokenize_13a("a\xFF.b \x85 c") == Sentences{"a\xFF", ".", "b", "\x85", "c"});
  CHECK(corpus_bleu(Sentences{"A\xFF b c d"}, Sentences{"a\xFF B c d"}, {BleuTokens::none, true}).score ==
        Approx(100).epsilon(1e-12));
}

TEST_CASE("BLEU of nothing, and of another number of hypotheses than of references, is refused") {
  CHECK_THROWS_WITH(corpus_bleu({}, {}), Catch::Contains("no sentences"));
  CHECK_THROWS_WITH(corpus_bleu(Sentences{"a", "b"}, Sentences{"a"}), Catch::Contains("2 hypotheses and 1 references"));
}

}  // namespace heddle
