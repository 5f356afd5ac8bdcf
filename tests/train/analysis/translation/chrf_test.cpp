#include "train/analysis/translation/chrf.h"

#include <catch2/catch.hpp>

#include "data/io/lines.h"
#include "tests/real_data.h"
#include "tests/train/analysis/translation/translation_fixture.h"

namespace heddle {
namespace {

void check_chrf(const Sentences& hypotheses, const Sentences& references, const nlohmann::json& wanted) {
  const Chrf chrf = corpus_chrf(hypotheses, references);
  CHECK(chrf.score == Approx(wanted.at("chrf").at("score").get<double>()).epsilon(1e-12));
  CHECK(chrf.signature == with_our_version(wanted.at("chrf").at("signature")));
}

}  // namespace

TEST_CASE("chrF is sacreBLEU's, in code points of any script") {
  const nlohmann::json golden = golden_translation();
  for (const nlohmann::json& one : golden.at("cases")) {
    INFO(one.at("name"));
    check_chrf(one.at("hypotheses"), one.at("references"), one);
  }
}

TEST_CASE("chrF of a thousand real sentences with disturbed copies is sacreBLEU's") {
  const std::string path = real_data("multi30k/test_2016_flickr.en.gz");
  if (path.empty()) return;
  Sentences english;
  for_lines(path, "sentence file", [&](const std::string& line, const auto&) { english.push_back(line); });
  check_chrf(disturbed(english), english, golden_translation().at("multi30k"));
}

TEST_CASE("bytes that are no UTF-8 are characters of their own in chrF") {
  CHECK(corpus_chrf(Sentences{"\xFF\xFE"}, Sentences{"\xFF\xFE"}).score == 100);
  CHECK(corpus_chrf(Sentences{"\xFF\xFE"}, Sentences{"\xFE\xFF"}).score == 50);  // the two, but not the pair
}

TEST_CASE("chrF of nothing, and of another number of hypotheses than of references, is refused") {
  CHECK_THROWS_WITH(corpus_chrf({}, {}), Catch::Contains("no sentences"));
  CHECK_THROWS_WITH(corpus_chrf(Sentences{"a"}, Sentences{"a", "b"}), Catch::Contains("1 hypotheses and 2 references"));
}

}  // namespace heddle
