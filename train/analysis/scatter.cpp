#include "train/analysis/scatter.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "data/utf8.h"
#include "framework/check.h"

namespace heddle {
namespace {

constexpr double kWidth = 1200, kHeight = 900, kMargin = 60, kFont = 13;
// Okabe and Ito's colours, which people with colour blindness tell apart, and two more
constexpr const char* kColours[] = {"#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00",
                                    "#56b4e9", "#8c6d1f", "#555555", "#7b3294", "#a6761d"};

/// As XML takes it, which has no control characters.
std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      default: out += static_cast<unsigned char>(c) < 32 ? ' ' : c;
    }
  }
  return out;
}

const char* colour_of(int group) { return kColours[static_cast<std::size_t>(group) % std::size(kColours)]; }

struct Box {
  double left, top, right, bottom;
  bool meets(const Box& other) const {
    return left < other.right && other.left < right && top < other.bottom && other.top < bottom;
  }
};

/// Maps [low, high], and some room around it, onto [from, to].
struct Scale {
  Scale(double low, double high, double from_, double to_) : from(from_), to(to_) {
    const double room = high > low ? (high - low) / 20 : 1;
    begin = low - room;
    end = high + room;
  }
  double operator()(double value) const { return from + (value - begin) / (end - begin) * (to - from); }
  double from, to, begin, end;
};

}  // namespace

std::string svg(const Scatter& scatter) {
  ensure(!scatter.points.empty(), "picture: there are no points to draw");
  double low_x = scatter.points[0].x, high_x = low_x, low_y = scatter.points[0].y, high_y = low_y;
  for (const auto& p : scatter.points) {
    ensure(std::isfinite(p.x) && std::isfinite(p.y), "picture: point ", p.label, " lies at ", p.x, ", ", p.y);
    low_x = std::min(low_x, p.x);
    high_x = std::max(high_x, p.x);
    low_y = std::min(low_y, p.y);
    high_y = std::max(high_y, p.y);
  }
  if (scatter.centred) {
    low_x = std::min(low_x, 0.0), high_x = std::max(high_x, 0.0);
    low_y = std::min(low_y, 0.0), high_y = std::max(high_y, 0.0);
  }
  const double legend = scatter.groups.empty() ? 0 : 200;
  const Scale x(low_x, high_x, kMargin, kWidth - kMargin), y(low_y, high_y, kHeight - kMargin, kMargin);

  std::string out = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0} {1}\" width=\"{0}\" height=\"{1}\" "
      "font-family=\"sans-serif\" font-size=\"{2}\">\n<rect width=\"{0}\" height=\"{1}\" fill=\"white\"/>\n",
      kWidth + legend, kHeight, kFont);
  const auto text = [&](double at_x, double at_y, const char* anchor, const std::string& what, const char* more = "") {
    out += fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"{}\"{}>{}</text>\n", at_x, at_y, anchor, more,
                       escaped(what));
  };
  if (!scatter.title.empty()) text(kWidth / 2, kMargin / 2, "middle", scatter.title, " font-size=\"18\"");
  if (!scatter.across.empty()) text(kWidth / 2, kHeight - kMargin / 3, "middle", scatter.across);
  if (!scatter.up.empty()) {
    const std::string turned = fmt::format(" transform=\"rotate(-90 {:.1f} {:.1f})\"", kMargin / 3, kHeight / 2);
    text(kMargin / 3, kHeight / 2, "middle", scatter.up, turned.c_str());
  }
  out += fmt::format("<rect x=\"{0}\" y=\"{0}\" width=\"{1}\" height=\"{2}\" fill=\"none\" stroke=\"#cccccc\"/>\n",
                     kMargin, kWidth - 2 * kMargin, kHeight - 2 * kMargin);
  if (scatter.centred) {
    out += fmt::format("<path d=\"M{:.1f} {:.1f}H{:.1f}M{:.1f} {:.1f}V{:.1f}\" stroke=\"#cccccc\"/>\n", kMargin, y(0),
                       kWidth - kMargin, x(0), kMargin, kHeight - kMargin);
  }
  for (const auto& p : scatter.points) {
    out += fmt::format("<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"3\" fill=\"{}\"><title>{}</title></circle>\n", x(p.x),
                       y(p.y), colour_of(p.group), escaped(visible(p.label)));
  }
  std::vector<Box> taken;
  for (const auto& p : scatter.points) {
    const double width = static_cast<double>(display_width(visible(p.label))) * kFont * 0.6, at_x = x(p.x) + 5;
    const double at_y = y(p.y) + kFont / 3;
    const Box box{at_x, at_y - kFont, at_x + width, at_y + 2};
    if (box.right > kWidth || std::any_of(taken.begin(), taken.end(), [&](const Box& b) { return b.meets(box); }))
      continue;
    taken.push_back(box);
    const std::string colour = fmt::format(" fill=\"{}\"", colour_of(p.group));
    text(at_x, at_y, "start", visible(p.label), colour.c_str());
  }
  for (std::size_t g = 0; g < scatter.groups.size(); ++g) {
    const double at = kMargin + 20 * static_cast<double>(g) + 10;
    out += fmt::format("<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"5\" fill=\"{}\"/>\n", kWidth - kMargin + 20, at - 4,
                       colour_of(static_cast<int>(g)));
    text(kWidth - kMargin + 32, at, "start", scatter.groups[g]);
  }
  return out + "</svg>\n";
}

}  // namespace heddle
