#pragma once

#include <string>
#include <vector>

namespace heddle {

/// A picture of labelled points in the plane.
struct Scatter {
  struct Point {
    double x, y;
    std::string label;
    int group = 0;  ///< its colour and, from the eleventh on, its shape
  };
  std::string title, across, up;    ///< what the picture and its axes are called; may be empty
  std::vector<std::string> groups;  ///< named beside the picture; none: no legend
  std::vector<Point> points;  ///< those whose labels matter most first: a label that would cover another is left out
  bool centred = false;       ///< lines through (0, 0)
};

/// The picture as SVG; a unit is as long across as up, so that distances are what they are. A point without room for
/// its label shows it under the mouse. Errors: a point that is not finite.
std::string svg(const Scatter& scatter);

}  // namespace heddle
