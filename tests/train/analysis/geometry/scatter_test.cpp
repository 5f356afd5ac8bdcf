#include "train/analysis/geometry/scatter.h"

#include <catch2/catch.hpp>
#include <limits>
#include <set>
#include <sstream>

#include "framework/check.h"
#include "framework/rng.h"

namespace heddle {
namespace {

struct Spot {
  double x, y;
};
struct LabelBox {
  std::string label;
  double left, right, top, bottom;
};

/// The number behind `before` in `text`.
double number(const std::string& text, const std::string& before) {
  return std::stod(text.substr(text.find(before) + before.size()));
}

/// Where the points of a picture lie.
std::vector<Spot> spots(const std::string& picture) {
  std::vector<Spot> found;
  std::istringstream lines(picture);
  for (std::string line; std::getline(lines, line);) {
    if (line.find("<title>") == std::string::npos) continue;
    const std::size_t at = line.find("translate(") + 10;
    found.push_back({std::stod(line.substr(at)), std::stod(line.substr(line.find(' ', at)))});
  }
  return found;
}

/// Where the labels that are words of the picture lie, a letter a half of the font's size wide.
std::vector<LabelBox> labels(const std::string& picture) {
  std::vector<LabelBox> found;
  std::istringstream lines(picture);
  for (std::string line; std::getline(lines, line);) {
    const std::size_t begin = line.find(">word"), end = line.find("</text>");
    if (begin == std::string::npos || end == std::string::npos) continue;
    const std::string label = line.substr(begin + 1, end - begin - 1);
    const double x = number(line, "x=\""), y = number(line, "y=\""), width = 6.5 * static_cast<double>(label.size());
    const bool start = line.find("\"start\"") != std::string::npos, right = line.find("\"end\"") != std::string::npos;
    const double left = start ? x : right ? x - width : x - width / 2;
    found.push_back({label, left, left + width, y - 9, y});
  }
  return found;
}

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
  return found;
}

}  // namespace

TEST_CASE("every point is drawn, and a label where it covers nothing") {
  Scatter scatter;
  scatter.groups = {"one", "two"};
  scatter.points = {{0, 0, "first", 0},
                    {0.001, 0, "left", 1},
                    {0, 0.001, "covered", 1},
                    {1, 1, "a < b & \"c\"", 1},
                    {0.5, 0.2, "", 0}};
  const std::string picture = draw(scatter).svg;
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
  const std::string picture = draw(scatter).svg;
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

TEST_CASE("a label goes around its point until it lies on no other one, and is left out where that cannot be") {
  Scatter scatter;
  const auto place = [&](const std::string& label) {
    const std::string picture = draw(scatter).svg;
    const std::size_t end = picture.find('>' + label + "</text>");
    if (end == std::string::npos) return std::string("none");
    const std::size_t begin = picture.rfind("<text", end);
    const std::string text = picture.substr(begin, end - begin);
    const std::string anchor = text.substr(text.find("anchor=\"") + 8,
                                           text.find('"', text.find("anchor=\"") + 8) - text.find("anchor=\"") - 8);
    const double below = number(text, "y=\"") - spots(picture)[0].y;
    return anchor + (below < 0 ? " above" : below > 10 ? " below" : "");
  };
  scatter.points = {{0, 0, "word"}, {100, 0, "edgewise"}, {100, 50, ""}, {-100, -50, ""}};
  CHECK(place("word") == "start");
  CHECK(place("edgewise") == "end");
  // a pixel is about a fifth of a unit
  const std::vector<std::pair<Scatter::Point, std::string>> steps = {
      {{3, 0, ""}, "end"},          {{-3, 0, ""}, "middle above"}, {{0, 3, ""}, "middle below"},
      {{0, -3, ""}, "start above"}, {{3, 3, ""}, "start below"},   {{3, -3, ""}, "end above"},
      {{-3, 3, ""}, "end below"},   {{-3, -3, ""}, "none"}};
  for (const auto& [point, wanted] : steps) {
    scatter.points.push_back(point);
    CHECK(place("word") == wanted);
  }
  CHECK(draw(scatter).unlabelled == 1);
  CHECK(count(draw(scatter).svg, "1 of 2 labels have no room") == 1);
}

TEST_CASE("in a crowd no label lies on a point or on another label, within the frame, and the others are counted") {
  Scatter scatter;
  const Rng rng(7);
  for (int i = 0; i < 600; ++i) {
    const auto n = static_cast<std::uint64_t>(2 * i);
    scatter.points.push_back({rng.normal(n), rng.normal(n + 1), "word" + std::to_string(i)});
  }
  const Drawing drawing = draw(scatter);
  const auto boxes = labels(drawing.svg);
  const auto points = spots(drawing.svg);
  REQUIRE(points.size() == 600);
  CHECK(boxes.size() + drawing.unlabelled == 600);
  CHECK(boxes.size() > 100);
  CHECK(drawing.unlabelled > 50);
  for (std::size_t i = 0; i < boxes.size(); ++i) {
    const LabelBox& a = boxes[i];
    CHECK((a.left >= 60 && a.right <= 1140 && a.top >= 60 && a.bottom <= 840));
    for (const Spot& p : points) CHECK_FALSE((p.x > a.left && p.x < a.right && p.y > a.top && p.y < a.bottom));
    for (std::size_t j = 0; j < i; ++j) {
      const LabelBox& b = boxes[j];
      CHECK_FALSE((a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom));
    }
  }
  scatter.points.resize(1);
  CHECK(draw(scatter).unlabelled == 0);
  CHECK(count(draw(scatter).svg, "have no room") == 0);
}

TEST_CASE("an axis with a name has round numbers at their places, and one without has none") {
  Scatter scatter;
  scatter.points = {{-2, 0, "a"}, {2, 1, "b"}};
  scatter.across = "left to right";
  const std::string picture = draw(scatter).svg;
  const std::size_t at = picture.rfind("<text", picture.find(">-1</text>"));
  const auto points = spots(picture);
  CHECK(number(picture.substr(at), "x=\"") == Approx(points[0].x + (points[1].x - points[0].x) / 4).epsilon(1e-3));
  CHECK(count(picture, ">0</text>") == 1);  // none of the axis upwards
  CHECK(count(picture, ">2</text>") == 1);
  scatter.up = "low to high";
  const std::string both = draw(scatter).svg;
  CHECK(count(both, ">0</text>") == 2);
  const std::size_t one = both.rfind("<text", both.find(">1</text>", both.find(">0</text>", both.find(">2</text>"))));
  CHECK(number(both.substr(one), "y=\"") == Approx(points[1].y).margin(5));
  scatter.points = {{1, 1, "alone"}};
  CHECK_NOTHROW(draw(scatter));
}

TEST_CASE("an arrow leads from one point to another, and stops at its mark") {
  Scatter scatter;
  scatter.points = {{0, 0, "a"}, {4, 0, "b"}, {0, 0, "c"}};
  scatter.arrows = {{0, 1}, {0, 2}};
  const std::string picture = draw(scatter).svg;
  REQUIRE(count(picture, "class=\"arrow\"") == 1);  // none between points at one place
  const auto points = spots(picture);
  const std::string path = picture.substr(picture.find("class=\"arrow\""));
  CHECK(number(path, " d=\"M") == Approx(points[0].x + 6).margin(0.2));
  const std::size_t tip = path.find('M', path.find("d=\"M") + 4);
  CHECK(std::stod(path.substr(tip + 1)) == Approx(points[1].x - 6).margin(0.2));
  scatter.arrows = {{0, 3}};
  CHECK_THROWS(draw(scatter));
  // a label stands on none
  scatter.points = {{0, 0, "word"}, {4, 0, ""}, {-4, 0, ""}};
  scatter.arrows = {};
  CHECK(labels(draw(scatter).svg)[0].left > spots(draw(scatter).svg)[0].x);
  scatter.arrows = {{0, 1}};
  CHECK(labels(draw(scatter).svg)[0].right < spots(draw(scatter).svg)[0].x);
  scatter.arrows = {{1, 2}};
  CHECK(labels(draw(scatter).svg)[0].bottom < spots(draw(scatter).svg)[0].y);
}

TEST_CASE("forty groups look different, and a picture is XML whatever its names hold") {
  Scatter scatter;
  for (int g = 0; g < 40; ++g) {
    scatter.groups.push_back("group");
    scatter.points.push_back({static_cast<double>(g), 0, "", g});
  }
  std::set<std::string> looks;
  std::istringstream lines(draw(scatter).svg);
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with("<path") || line.find("<title>") == std::string::npos) continue;
    const std::size_t place = line.find(" transform");
    looks.insert(line.substr(0, place) + line.substr(line.find(" fill")));
  }
  CHECK(looks.size() == 40);
  scatter.title = "a \xFF \x01 b & c";
  scatter.groups = {"\x1b[31m<red>"};
  scatter.points = {{0, 0, "caf\xE9"}};
  const std::string picture = draw(scatter).svg;
  CHECK(count(picture, ">a \\xFF \\u{1} b &amp; c</text>") == 1);
  CHECK(count(picture, ">\\u{1B}[31m&lt;red&gt;</text>") == 1);
  CHECK(count(picture, "<title>caf\\xE9</title>") == 1);
}

TEST_CASE("a picture of nothing, or of a point nowhere, is refused") {
  REQUIRE_THROWS_WITH(draw({}), Catch::Contains("no points"));
  Scatter scatter;
  scatter.points = {{0, std::numeric_limits<double>::quiet_NaN(), "lost"}};
  REQUIRE_THROWS_WITH(draw(scatter).svg, Catch::Contains("point lost lies at 0, nan"));
}

}  // namespace heddle
