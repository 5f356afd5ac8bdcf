#pragma once

#include <string>
#include <utility>
#include <vector>

namespace heddle {

/// Lines over one axis, in panels beside each other.
struct LinePicture {
  struct Line {
    std::string name;  ///< lines of one name have one colour in all panels
    std::vector<std::pair<double, double>> points;
    bool joined = true;  ///< else points alone
  };
  struct Panel {
    std::string title, across, up;  ///< what the panel and its axes are called
    std::vector<Line> lines;
    bool log_across = false, log_up = false;  ///< logarithmic axes, whose numbers must be above 0
  };
  std::string title;
  std::vector<Panel> panels;
};

/// The picture as SVG, with round numbers on the axes and the names of the lines below. A point's numbers show under
/// the mouse. Errors: no panel, a panel without a point, a number that is not finite or, on a logarithmic axis,
/// not above 0.
std::string svg(const LinePicture& picture);

/// Round numbers within [low, high]: at most `count` steps of 1, 2 or 5 times a power of ten; of a logarithmic axis
/// powers of two from 1 on, else 1, 2 and 5 times powers of ten, or, where these are more than `count`, powers of ten.
std::vector<double> round_numbers(double low, double high, int count, bool logarithmic);

}  // namespace heddle
