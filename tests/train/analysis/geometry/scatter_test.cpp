#include "train/analysis/geometry/scatter.h"

#include <catch2/catch.hpp>
#include <limits>
#include <set>
#include <sstream>

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
  scatter.points = {{0, 0, "first", 0},
                    {0.001, 0, "left", 1},
                    {0, 0.001, "covered", 1},
                    {1, 1, "a < b & \"c\"", 1},
                    {0.5, 0.2, "", 0}};
  const std::string picture = svg(scatter);
  CHECK(count(picture, "<title>") == 5);
  CHECK(count(picture, ">first</text>") == 1);
  CHECK(count(picture, ">covered</text>") == 0);
  CHECK(count(picture, "<title>covered</title>") == 1);
  CHECK(count(picture, "a·&lt;·b·&amp;") == 2);
  CHECK(count(picture, ">one</text>") == 1);
}

TEST_CASE("up is up, and a unit is as long across as up") {
  Scatter scatter;
  scatter.points = {{0, 0, "origin"}, {0, 1, "above"}, {3, 0, "right"}};
  const std::string picture = svg(scatter);
  const auto place = [&](const std::string& label) {
    const std::string before = "translate(";
    const std::size_t at = picture.rfind(before, picture.find("<title>" + label)) + before.size();
    return std::pair(std::stod(picture.substr(at)), std::stod(picture.substr(picture.find(' ', at))));
  };
  const auto [x, y] = place("origin");
  CHECK(place("above").first == x);
  CHECK(place("right").second == y);
  CHECK(place("above").second < y);
  CHECK(place("right").first - x == Approx(3 * (y - place("above").second)).epsilon(1e-3));
}

TEST_CASE("a label stands at the left of its point where the right is full, and on a point only if it must") {
  Scatter scatter;
  const auto anchor = [&](const std::string& label) {
    const std::string picture = svg(scatter);
    const std::size_t end = picture.find('>' + label + "</text>");
    if (end == std::string::npos) return std::string("none");
    const std::size_t at = picture.rfind("text-anchor=\"", end) + 13;
    return picture.substr(at, picture.find('"', at) - at);
  };
  scatter.points = {{0, 0, "word"}, {100, 0, "edgewise"}, {100, 50, ""}};
  CHECK(anchor("word") == "start");
  CHECK(anchor("edgewise") == "end");
  scatter.points.push_back({2, 0, ""});
  CHECK(anchor("word") == "end");
  scatter.points.push_back({-2, 0, ""});
  CHECK(anchor("word") == "start");
}

TEST_CASE("forty groups look different, and a picture is XML whatever its names hold") {
  Scatter scatter;
  for (int g = 0; g < 40; ++g) {
    scatter.groups.push_back("group");
    scatter.points.push_back({static_cast<double>(g), 0, "", g});
  }
  std::set<std::string> looks;
  std::istringstream lines(svg(scatter));
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with("<path") || line.find("<title>") == std::string::npos) continue;
    const std::size_t place = line.find(" transform");
    looks.insert(line.substr(0, place) + line.substr(line.find(" fill")));
  }
  CHECK(looks.size() == 40);
  scatter.title = "a \xFF \x01 b & c";
  scatter.groups = {"\x1b[31m<red>"};
  scatter.points = {{0, 0, "caf\xE9"}};
  const std::string picture = svg(scatter);
  CHECK(count(picture, ">a \\xFF \\u{1} b &amp; c</text>") == 1);
  CHECK(count(picture, ">\\u{1B}[31m&lt;red&gt;</text>") == 1);
  CHECK(count(picture, "<title>caf\\xE9</title>") == 1);
}

TEST_CASE("a picture of nothing, or of a point nowhere, is refused") {
  REQUIRE_THROWS_WITH(svg({}), Catch::Contains("no points"));
  Scatter scatter;
  scatter.points = {{0, std::numeric_limits<double>::quiet_NaN(), "lost"}};
  REQUIRE_THROWS_WITH(svg(scatter), Catch::Contains("point lost lies at 0, nan"));
}

}  // namespace heddle
