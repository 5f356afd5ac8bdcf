#include "train/analysis/scatter.h"

#include <catch2/catch.hpp>
#include <limits>

#include "framework/check.h"

namespace heddle {
namespace {

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
  return found;
}

}  // namespace

TEST_CASE("every point is drawn, and a label where it covers none before it") {
  Scatter scatter;
  scatter.groups = {"one", "two"};
  scatter.points = {{0, 0, "first", 0}, {0.001, 0, "covered", 1}, {1, 1, "a < b & \"c\"", 1}, {0.5, 0.2, "", 0}};
  const std::string picture = svg(scatter);
  CHECK(count(picture, "r=\"3\"") == 4);
  CHECK(count(picture, ">first</text>") == 1);
  CHECK(count(picture, ">covered</text>") == 0);
  CHECK(count(picture, "<title>covered</title>") == 1);
  CHECK(count(picture, "a·&lt;·b·&amp;") == 2);
  CHECK(count(picture, ">one</text>") == 1);
}

TEST_CASE("up is up: a larger y is nearer to the top") {
  Scatter scatter;
  scatter.points = {{0, 0, "low"}, {0, 1, "high"}};
  const std::string picture = svg(scatter);
  const auto height = [&](const std::string& label) {
    const std::size_t at = picture.rfind("cy=\"", picture.find("<title>" + label));
    return std::stod(picture.substr(at + 4));
  };
  CHECK(height("high") < height("low"));
}

TEST_CASE("a picture of nothing, or of a point nowhere, is refused") {
  REQUIRE_THROWS_WITH(svg({}), Catch::Contains("no points"));
  Scatter scatter;
  scatter.points = {{0, std::numeric_limits<double>::quiet_NaN(), "lost"}};
  REQUIRE_THROWS_WITH(svg(scatter), Catch::Contains("point lost lies at 0, nan"));
}

}  // namespace heddle
