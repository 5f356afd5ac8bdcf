#include "train/analysis/words/dimensions.h"

#include <catch2/catch.hpp>

namespace heddle {
namespace {

/// 60 words of two classes, of 6 numbers; number 4 alone tells the class.
struct Example {
  WordVectors words;
  WordProperty property{"number", {}};

  Example() {
    std::vector<real> values;
    for (std::uint64_t i = 0; i < 60; ++i) {
      const std::string word = "w" + std::to_string(i);
      words.words.push_back(word);
      property.words.emplace_back(word, i % 2 == 0 ? "one" : "many");
      for (std::uint64_t d = 0; d < 6; ++d) {
        const double noise = Rng(1).normal(6 * i + d);
        values.push_back(static_cast<real>(d == 4 ? (i % 2 == 0 ? 1.3 : -1.3) + 0.1 * noise : noise));
      }
    }
    words.vectors = Tensor::from(values, {60, 6});
  }
};

}  // namespace

TEST_CASE("a property that one dimension tells is read from it, and after a rotation from none alone") {
  const Example example;
  DimensionOptions options;
  options.shown = 6;
  options.count = 3;
  const DimensionReport report = dimension_report(WordSpace(example.words), {example.property}, options);
  REQUIRE(report.dimensions.size() == 6);
  CHECK(report.dimensions[0].dimension == 4);  // it varies most
  CHECK(report.dimensions[0].low.size() == 3);
  for (const std::string& word : report.dimensions[0].high) CHECK(std::stoi(word.substr(1)) % 2 == 0);
  for (const std::string& word : report.dimensions[0].low) CHECK(std::stoi(word.substr(1)) % 2 == 1);
  REQUIRE(report.properties.size() == 1);
  const PropertyProbe& probe = report.properties[0];
  CHECK(probe.property == "number");
  CHECK(probe.probed);
  CHECK(probe.words == 60);
  CHECK(probe.classes == std::vector<std::string>{"one", "many"});
  CHECK(probe.as_is.dimension == 4);
  CHECK(probe.as_is.one == 1);
  CHECK(probe.rotated.one < 0.95);
  CHECK(probe.rotated.all > 0.9);
}

TEST_CASE("a property of which too few words have vectors is not probed, and says so") {
  Example example;
  example.property.words.emplace_back("absent", "none");  // no vector, so no class
  example.property.words.emplace_back("w0", "many");      // a word's first class counts
  WordProperty few{"few", {example.property.words.begin(), example.property.words.begin() + 9}};  // five and four
  WordProperty alone{"alone", {}};
  for (const auto& [word, name] : example.property.words)
    if (name == "one") alone.words.emplace_back(word, name);
  const DimensionReport report =
      dimension_report(WordSpace(example.words), {few, alone, example.property}, DimensionOptions());
  REQUIRE(report.properties.size() == 3);
  CHECK_FALSE(report.properties[0].probed);
  CHECK(report.properties[0].words == 9);
  CHECK_FALSE(report.properties[1].probed);
  CHECK(report.properties[2].probed);
  CHECK(report.properties[2].words == 60);
}

TEST_CASE("the ends of dimensions are sought among the common words alone") {
  const Example example;
  DimensionOptions options;
  options.common = 4;
  options.count = 10;
  options.shown = 1;
  const DimensionReport report = dimension_report(WordSpace(example.words), {}, options);
  REQUIRE(report.dimensions.size() == 1);
  CHECK(report.dimensions[0].low.size() == 4);
  CHECK(report.properties.empty());
}

}  // namespace heddle
