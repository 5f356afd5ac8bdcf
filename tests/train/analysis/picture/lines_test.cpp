#include "train/analysis/picture/lines.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <limits>

namespace heddle {
namespace {

using Numbers = std::vector<double>;

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (std::size_t at = text.find(part); at != text.npos; at = text.find(part, at + 1)) ++found;
  return found;
}

LinePicture some_picture() {
  LinePicture picture{"speed", {{"training", "length", "ms", {}, true, true}, {"writing", "length", "ms", {}}}};
  for (auto& panel : picture.panels) panel.lines = {{"gpt <1>", {{64, 1}, {256, 4}}}, {"lstm", {{64, 2}, {256, 2}}}};
  return picture;
}

}  // namespace

TEST_CASE("numbers on an axis are round, within it, and few") {
  CHECK(round_numbers(0, 10, 5, false) == Numbers{0, 2, 4, 6, 8, 10});
  CHECK(round_numbers(-0.3, 0.31, 8, false).size() == 7);
  CHECK(round_numbers(3, 4, 4, false) == Numbers{3, 3.5, 4});
  CHECK(round_numbers(60, 300, 8, true) == Numbers{64, 128, 256});
  const Numbers tens = round_numbers(0.9, 1e5, 8, true);
  REQUIRE(tens.size() == 6);
  CHECK(tens[5] == Approx(1e5));
  const Numbers rates = round_numbers(3e-4, 3e-2, 8, true);  // 5e-4, 1e-3, 2e-3, 5e-3, 1e-2, 2e-2
  REQUIRE(rates.size() == 6);
  CHECK(rates[0] == Approx(5e-4));
  CHECK(rates[5] == Approx(2e-2));
}

TEST_CASE("points that are not joined are drawn without a line") {
  LinePicture picture = some_picture();
  picture.panels[0].lines[0].joined = false;
  const std::string text = svg(picture);
  CHECK(count(text, "<circle") == 8);
  CHECK(count(text, "stroke-width=\"2\"") == 3);
  CHECK(count(text, "stroke-width=\"3\"") == 1);  // of the other's name
}

TEST_CASE("a picture of lines has a line and a point of each in every panel, names once, and is XML") {
  const std::string text = svg(some_picture());
  CHECK(text.starts_with("<svg "));
  CHECK(text.ends_with("</svg>\n"));
  CHECK(count(text, "<circle") == 8);
  CHECK(count(text, "stroke-width=\"2\"") == 4);
  CHECK(count(text, "stroke-width=\"3\"") == 2);
  CHECK(count(text, "gpt <1>") == 0);
  CHECK(count(text, ">gpt &lt;1&gt;</text>") == 1);
}

TEST_CASE("equal ratios take equal room on a logarithmic axis, equal differences on a plain one") {
  LinePicture picture{"", {{"p", "", "", {{"a", {{1, 1}, {2, 2}, {4, 3}}}}, GENERATE(true, false)}}};
  const std::string text = svg(picture);
  Numbers x;
  for (std::size_t at = text.find("cx=\""); at != text.npos; at = text.find("cx=\"", at + 1))
    x.push_back(std::stod(text.substr(at + 4)));
  REQUIRE(x.size() == 3);
  const double ratio = (x[2] - x[1]) / (x[1] - x[0]);
  CHECK(ratio == Approx(picture.panels[0].log_across ? 1 : 2).epsilon(0.01));
}

TEST_CASE("nothing to draw and numbers that have no place are refused") {
  CHECK_THROWS_WITH(svg(LinePicture{}), Catch::Contains("no panel"));
  LinePicture picture = some_picture();
  picture.panels[1].lines.clear();
  CHECK_THROWS_WITH(svg(picture), Catch::Contains("writing has no point"));
  picture = some_picture();
  picture.panels[0].lines[1].points[0].second = 0;
  CHECK_THROWS_WITH(svg(picture), Catch::Contains("lstm has a point at 64, 0 in training"));
  picture.panels[0].log_up = false;
  CHECK_NOTHROW(svg(picture));
  picture.panels[0].lines[1].points[0].first = 0;
  CHECK_THROWS_WITH(svg(picture), Catch::Contains("lstm has a point at 0, 0 in training"));
  picture.panels[0].log_across = false;
  CHECK_NOTHROW(svg(picture));
  picture.panels[0].lines[1].points[0].second = std::numeric_limits<double>::quiet_NaN();
  CHECK_THROWS_WITH(svg(picture), Catch::Contains("lstm has a point"));
}

}  // namespace heddle
