#include "train/analysis/geometry/scatter.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

#include "data/io/utf8.h"
#include "framework/check.h"
#include "train/analysis/picture/lines.h"
#include "train/analysis/picture/svg.h"

namespace heddle {
namespace {

constexpr double kWidth = 1200, kHeight = 900, kMargin = 60, kFont = 13;
// their marks around (0, 0): of each colour the circle, then its square, triangle and diamond
constexpr std::array kMarks = {"M-3 0a3 3 0 1 0 6 0a3 3 0 1 0-6 0Z", "M-3-3H3V3H-3Z", "M0-4L4 3H-4Z",
                               "M0-4L4 0 0 4-4 0Z"};

const char* mark_of(int group) { return kMarks[static_cast<std::size_t>(group) / kColours.size() % kMarks.size()]; }

struct Box {
  double left, top, right, bottom;
  bool meets(const Box& other) const {
    return left < other.right && other.left < right && top < other.bottom && other.top < bottom;
  }
  void take_in(double x, double y) {
    left = std::min(left, x), right = std::max(right, x);
    top = std::min(top, y), bottom = std::max(bottom, y);
  }
};
constexpr Box kFrame{kMargin, kMargin, kWidth - kMargin, kHeight - kMargin};

/// Maps the box of all points into the middle of the frame, with some room around it; one unit is as long either way.
class Scale {
 public:
  explicit Scale(const Box& points) : points_(points) {
    const double unit = 0.92 * std::min((kFrame.right - kFrame.left) / (points.right - points.left),
                                        (kFrame.bottom - kFrame.top) / (points.bottom - points.top));
    unit_ = std::isfinite(unit) ? unit : 0;  // all at one place
  }
  double x(double value) const { return kWidth / 2 + unit_ * (value - points_.left / 2 - points_.right / 2); }
  double y(double value) const { return kHeight / 2 - unit_ * (value - points_.top / 2 - points_.bottom / 2); }
  /// Round numbers along an axis, where all of them lie in the frame; none of points at one place.
  std::vector<double> numbers_across() const {
    return numbers(points_.left, points_.right, kFrame.right - kFrame.left);
  }
  std::vector<double> numbers_up() const { return numbers(points_.top, points_.bottom, kFrame.bottom - kFrame.top); }

 private:
  std::vector<double> numbers(double low, double high, double pixels) const {
    if (unit_ == 0) return {};
    const double middle = low / 2 + high / 2, reach = pixels / unit_ / 2;
    return round_numbers(middle - reach, middle + reach, 10, false);
  }

  Box points_;
  double unit_;
};

/// About how wide a text is; letters of most fonts are narrower than this.
double text_width(const std::string& text) {
  double width = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = std::max<std::size_t>(decode_utf8(std::string_view(text).substr(at)).length, 1);
    const std::string character = text.substr(at, length);
    const bool wide = character.find_first_of("mwMW@%") != character.npos, capital = lower_case(character) != character;
    width += static_cast<double>(display_width(character)) * (wide ? 1 : capital ? 0.8 : 0.64) * kFont;
    at += length;
  }
  return width;
}

/// A label's place: its box, and where the text is held in it.
struct Place {
  Box box;
  const char* anchor;
  double x() const { return *anchor == 's' ? box.left : *anchor == 'e' ? box.right : (box.left + box.right) / 2; }
  double baseline() const { return box.top + kFont * 0.7 + kFont / 3; }
};

/// Where labels may go: around their points, the right first, within the frame, on no other label, on no point and no
/// line.
class Labels {
 public:
  void add_point(double x, double y) {
    for (double dy = -kMark; dy <= kMark; ++dy) {
      for (double dx = -kMark; dx <= kMark; ++dx) points_[cell(x + dx, y + dy)] = true;
    }
  }
  /// A line that starts and ends beside points: labels of these may touch its ends.
  void add_line(double from_x, double from_y, double to_x, double to_y) {
    const double length = std::hypot(to_x - from_x, to_y - from_y);
    for (double at = 2 * kMark; at < length - 2 * kMark; ++at)
      points_[cell(from_x + at / length * (to_x - from_x), from_y + at / length * (to_y - from_y))] = true;
  }
  /// The place of a label of the point at (x, y); none if there is no room.
  std::optional<Place> place(double x, double y, double width) {
    constexpr double kTall = kFont + 1, kGap = kMark + 1;
    const double right = x + kGap, left = x - kGap - width, middle = x - width / 2;
    const double beside = y - kFont * 0.7, above = y - kGap - kTall, below = y + kGap;
    struct Corner {
      double left, top;
      const char* anchor;
    };
    for (const Corner& c :
         {Corner{right, beside, "start"}, Corner{left, beside, "end"}, Corner{middle, above, "middle"},
          Corner{middle, below, "middle"}, Corner{right, above, "start"}, Corner{right, below, "start"},
          Corner{left, above, "end"}, Corner{left, below, "end"}}) {
      const Box box{c.left, c.top, c.left + width, c.top + kTall};
      if (box.left < kFrame.left || box.right > kFrame.right) continue;  // up and down Scale leaves enough room
      if (std::any_of(taken_.begin(), taken_.end(), [&](const Box& b) { return b.meets(box); })) continue;
      if (covers_point(box)) continue;
      taken_.push_back(box);
      return Place{box, c.anchor};
    }
    return std::nullopt;
  }

 private:
  static constexpr double kMark = 4;  ///< how far a point's mark reaches
  static std::size_t cell(double x, double y) {
    return static_cast<std::size_t>(y) * static_cast<std::size_t>(kWidth) + static_cast<std::size_t>(x);
  }
  bool covers_point(const Box& box) const {
    for (double y = box.top; y < box.bottom; ++y) {
      for (double x = box.left; x < box.right; ++x) {
        if (points_[cell(x, y)]) return true;
      }
    }
    return false;
  }

  std::vector<Box> taken_;
  std::vector<bool> points_ = std::vector<bool>(static_cast<std::size_t>(kWidth * kHeight));  ///< pixel by pixel
};

/// A line from one point to another, which ends in a head beside the other's mark; none between points that touch.
std::string arrow(double from_x, double from_y, double to_x, double to_y) {
  constexpr double kRoom = 6, kHead = 8;
  const double length = std::hypot(to_x - from_x, to_y - from_y);
  if (length < 2 * kRoom + kHead) return "";
  const double dx = (to_x - from_x) / length, dy = (to_y - from_y) / length;
  const double tip_x = to_x - kRoom * dx, tip_y = to_y - kRoom * dy;
  const double neck_x = tip_x - kHead * dx, neck_y = tip_y - kHead * dy;
  return fmt::format(
      "<path class=\"arrow\" d=\"M{:.1f} {:.1f}L{:.1f} {:.1f}M{:.1f} {:.1f}L{:.1f} {:.1f}L{:.1f} {:.1f}Z\" "
      "stroke=\"#999999\" fill=\"#999999\"/>\n",
      from_x + kRoom * dx, from_y + kRoom * dy, neck_x, neck_y, tip_x, tip_y, neck_x - kHead / 2 * dy,
      neck_y + kHead / 2 * dx, neck_x + kHead / 2 * dy, neck_y - kHead / 2 * dx);
}

}  // namespace

Drawing draw(const Scatter& scatter) {
  ensure(!scatter.points.empty(), "picture: there are no points to draw");
  Box all{scatter.points[0].x, scatter.points[0].y, scatter.points[0].x, scatter.points[0].y};
  for (const auto& p : scatter.points) {
    ensure(std::isfinite(p.x) && std::isfinite(p.y), "picture: point ", p.label, " lies at ", p.x, ", ", p.y);
    all.take_in(p.x, p.y);
  }
  if (scatter.centred) all.take_in(0, 0);
  const Scale scale(all);
  const auto names = static_cast<double>(scatter.groups.size());
  std::size_t longest = 0;
  for (const std::string& name : scatter.groups) longest = std::max(longest, display_width(name));
  const double legend = names > 0 ? static_cast<double>(longest) * kFont * 0.6 : 0;
  const double height = std::max(kHeight, 2 * kMargin + 20 * names);

  std::string out = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0} {1}\" width=\"{0}\" height=\"{1}\" "
      "font-family=\"sans-serif\" font-size=\"{2}\">\n<rect width=\"{0}\" height=\"{1}\" fill=\"white\"/>\n",
      kWidth + legend, height, kFont);
  const auto text = [&](double at_x, double at_y, const char* anchor, const std::string& what, const char* more = "") {
    out += fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"{}\"{}>{}</text>\n", at_x, at_y, anchor, more,
                       svg_text(what));
  };
  if (!scatter.title.empty()) text(kWidth / 2, kMargin / 2, "middle", scatter.title, " font-size=\"18\"");
  if (!scatter.across.empty()) text(kWidth / 2, kHeight - kMargin / 3, "middle", scatter.across);
  if (!scatter.up.empty()) {
    const std::string turned = fmt::format(" transform=\"rotate(-90 {:.1f} {:.1f})\"", kMargin / 3, kHeight / 2);
    text(kMargin / 3, kHeight / 2, "middle", scatter.up, turned.c_str());
  }
  out += fmt::format("<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\" fill=\"none\" stroke=\"#cccccc\"/>\n",
                     kFrame.left, kFrame.top, kFrame.right - kFrame.left, kFrame.bottom - kFrame.top);
  if (!scatter.across.empty()) {
    for (const double number : scale.numbers_across())
      text(scale.x(number), kFrame.bottom + kFont * 1.3, "middle", fmt::format("{:.6g}", number), " fill=\"#888888\"");
  }
  if (!scatter.up.empty()) {
    for (const double number : scale.numbers_up())
      text(kFrame.left - 4, scale.y(number) + kFont / 3, "end", fmt::format("{:.6g}", number), " fill=\"#888888\"");
  }
  if (scatter.centred) {
    out += fmt::format("<path d=\"M{:.1f} {:.1f}H{:.1f}M{:.1f} {:.1f}V{:.1f}\" stroke=\"#cccccc\"/>\n", kFrame.left,
                       scale.y(0), kFrame.right, scale.x(0), kFrame.top, kFrame.bottom);
  }
  const auto mark = [&](double at_x, double at_y, int group, const std::string& inside) {
    out += fmt::format("<path d=\"{}\" transform=\"translate({:.1f} {:.1f})\" fill=\"{}\">{}</path>\n", mark_of(group),
                       at_x, at_y, colour_of(group), inside);
  };
  Labels labels;
  for (const auto& [from, to] : scatter.arrows) {
    const Scatter::Point &a = scatter.points.at(from), &b = scatter.points.at(to);
    out += arrow(scale.x(a.x), scale.y(a.y), scale.x(b.x), scale.y(b.y));
    labels.add_line(scale.x(a.x), scale.y(a.y), scale.x(b.x), scale.y(b.y));
  }
  for (const auto& p : scatter.points) {
    mark(scale.x(p.x), scale.y(p.y), p.group, "<title>" + svg_text(visible(p.label)) + "</title>");
    labels.add_point(scale.x(p.x), scale.y(p.y));
  }
  std::size_t labelled = 0, unlabelled = 0;
  for (const auto& p : scatter.points) {
    if (p.label.empty()) continue;
    const std::string label = visible_start(p.label);
    if (const auto place = labels.place(scale.x(p.x), scale.y(p.y), text_width(label))) {
      text(place->x(), place->baseline(), place->anchor, label,
           fmt::format(" fill=\"{}\"", colour_of(p.group)).c_str());
      ++labelled;
    } else {
      ++unlabelled;
    }
  }
  if (unlabelled > 0)
    text(kFrame.right, kFrame.bottom + kFont * 3, "end",
         fmt::format("{} of {} labels have no room; they show under the mouse", unlabelled, labelled + unlabelled),
         " fill=\"#888888\"");
  for (std::size_t g = 0; g < scatter.groups.size(); ++g) {
    const double at = kMargin + 20 * static_cast<double>(g) + 10;
    mark(kFrame.right + 20, at - 4, static_cast<int>(g), "");
    text(kFrame.right + 32, at, "start", scatter.groups[g]);
  }
  return {out + "</svg>\n", unlabelled};
}

}  // namespace heddle
