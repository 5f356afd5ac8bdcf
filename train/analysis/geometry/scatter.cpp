#include "train/analysis/geometry/scatter.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

#include "data/io/utf8.h"
#include "framework/check.h"
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

 private:
  Box points_;
  double unit_;
};

/// Where labels may go: at the right of their points or else at the left, within the frame, on no other label, and on
/// no other point where that can be.
class Labels {
 public:
  void add_point(double x, double y) { points_[cell(x, y)] = true; }
  /// The place of a label beside the point at (x, y); none if there is no room.
  std::optional<Box> place(double x, double y, double width) {
    const double top = y - kFont * 0.7, gap = 5;
    const std::array<Box, 2> boxes = {Box{x + gap, top, x + gap + width, top + kFont + 1},
                                      Box{x - gap - width, top, x - gap, top + kFont + 1}};
    const Box* best = nullptr;
    for (const Box& box : boxes) {
      if (box.left < kFrame.left || box.right > kFrame.right) continue;
      if (std::any_of(taken_.begin(), taken_.end(), [&](const Box& b) { return b.meets(box); })) continue;
      const bool free = !covers_point(box);
      if (free || best == nullptr) best = &box;
      if (free) break;
    }
    if (best == nullptr) return std::nullopt;
    return taken_.emplace_back(*best);
  }

 private:
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

}  // namespace

std::string svg(const Scatter& scatter) {
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
  if (scatter.centred) {
    out += fmt::format("<path d=\"M{:.1f} {:.1f}H{:.1f}M{:.1f} {:.1f}V{:.1f}\" stroke=\"#cccccc\"/>\n", kFrame.left,
                       scale.y(0), kFrame.right, scale.x(0), kFrame.top, kFrame.bottom);
  }
  const auto draw = [&](double at_x, double at_y, int group, const std::string& inside) {
    out += fmt::format("<path d=\"{}\" transform=\"translate({:.1f} {:.1f})\" fill=\"{}\">{}</path>\n", mark_of(group),
                       at_x, at_y, colour_of(group), inside);
  };
  Labels labels;
  for (const auto& p : scatter.points) {
    draw(scale.x(p.x), scale.y(p.y), p.group, "<title>" + svg_text(visible(p.label)) + "</title>");
    labels.add_point(scale.x(p.x), scale.y(p.y));
  }
  for (const auto& p : scatter.points) {
    const std::string label = visible(p.label);
    const double width = static_cast<double>(display_width(label)) * kFont * 0.6;
    const auto place = labels.place(scale.x(p.x), scale.y(p.y), width);
    if (!place) continue;
    const std::string colour = fmt::format(" fill=\"{}\"", colour_of(p.group));
    const bool left = place->right < scale.x(p.x);
    text(left ? place->right : place->left, scale.y(p.y) + kFont / 3, left ? "end" : "start", label, colour.c_str());
  }
  for (std::size_t g = 0; g < scatter.groups.size(); ++g) {
    const double at = kMargin + 20 * static_cast<double>(g) + 10;
    draw(kFrame.right + 20, at - 4, static_cast<int>(g), "");
    text(kFrame.right + 32, at, "start", scatter.groups[g]);
  }
  return out + "</svg>\n";
}

}  // namespace heddle
