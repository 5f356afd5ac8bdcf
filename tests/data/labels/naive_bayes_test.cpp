#include "data/labels/naive_bayes.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>

namespace heddle {
namespace {

using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("Naive Bayes gives scikit-learn's joint log-likelihoods, by words and by pairs of words too") {
  std::ifstream in(HEDDLE_SOURCE_DIR "/tests/golden/naive_bayes.json");
  const auto golden = nlohmann::json::parse(in);
  for (const auto& [name, longest] : {std::pair("words", 1), std::pair("pairs", 2)}) {
    INFO(name);
    NaiveBayes counted(3, static_cast<std::size_t>(longest));
    for (std::size_t i = 0; i < golden["train"].size(); ++i) {
      const std::string& is = golden["classes"][i].get_ref<const std::string&>();
      counted.add(Texts{golden["train"][i].get<std::string>()}, is == "bad" ? 0 : is == "good" ? 1 : 2);
    }
    for (std::size_t i = 0; i < golden["judged"].size(); ++i) {
      const Texts text{golden["judged"][i].get<std::string>()};
      INFO(text[0]);
      const auto scores = counted.scores(text);
      const auto wanted = golden[name][i].get<std::vector<double>>();
      REQUIRE(scores.size() == 3);
      for (std::size_t c = 0; c < 3; ++c) CHECK(scores[c] == Approx(wanted[c]).epsilon(1e-12));
      const auto best = std::max_element(wanted.begin(), wanted.end()) - wanted.begin();
      CHECK(counted.classify(text) == best);
    }
  }
}

TEST_CASE(
    "of equal scores the first class is found, one without an example never, and no pair reaches over two texts") {
  NaiveBayes counted(3, 2);
  counted.add(Texts{"a b"}, 1);
  counted.add(Texts{"b a"}, 2);
  CHECK(counted.classify(Texts{""}) == 1);
  CHECK(counted.scores(Texts{"a"})[0] == -std::numeric_limits<double>::infinity());
  CHECK(counted.classify(Texts{"a b"}) == 1);
  CHECK(counted.classify(Texts{"b a"}) == 2);
  const auto apart = counted.scores(Texts{"a", "b"});
  CHECK(apart[1] == apart[2]);
}

}  // namespace heddle
