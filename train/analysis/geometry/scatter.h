#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace heddle {

/// A picture of labelled points in the plane.
struct Scatter {
  struct Point {
    double x, y;
    std::string label;
    int group = 0;  ///< its colour and, from the eleventh on, its shape
  };
  std::string title, across, up;    ///< what the picture and its axes are called; an axis with a name has numbers
  std::vector<std::string> groups;  ///< named beside the picture; none: no legend
  std::vector<Point> points;        ///< those whose labels matter most first: they are given room first
  std::vector<std::pair<std::size_t, std::size_t>> arrows;  ///< from one of the points to another
  bool centred = false;                                     ///< lines through (0, 0)
};

/// A drawn picture, and how many labels found no room in it.
struct Drawing {
  std::string svg;
  std::size_t unlabelled = 0;
};

/// The picture as SVG; a unit is as long across as up, so that distances are what they are. A label lies on no other
/// label, no point and no arrow; one without room is left out, which the picture says, and shows under the mouse.
/// Errors: a point that is not finite.
Drawing draw(const Scatter& scatter);

}  // namespace heddle
