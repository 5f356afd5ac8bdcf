#include "train/analysis/picture/lines.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "framework/check.h"
#include "train/analysis/picture/svg.h"

namespace heddle {
namespace {

constexpr double kPanelWidth = 560, kPanelHeight = 420, kLeft = 80, kRight = 20, kTop = 70, kBottom = 60, kFont = 13;
constexpr int kNumbers = 8;  // at most, on an axis

/// Where numbers of an axis lie in the picture: its ends at `from` and `to`.
class Axis {
 public:
  Axis(bool logarithmic, double from, double to) : logarithmic_(logarithmic), from_(from), to_(to) {}
  void take_in(double value) {
    low_ = std::min(low_, value);
    high_ = std::max(high_, value);
  }
  /// Some room at both ends, so that no point lies on the frame.
  void widen() {
    if (logarithmic_) {
      const double room = std::max(1.05, std::pow(high_ / low_, 0.05));
      low_ /= room;
      high_ *= room;
      return;
    }
    const double room = high_ > low_ ? (high_ - low_) / 20 : std::max(1.0, std::abs(high_)) / 20;
    low_ -= room;
    high_ += room;
  }
  double at(double value) const {
    const double share =
        logarithmic_ ? std::log(value / low_) / std::log(high_ / low_) : (value - low_) / (high_ - low_);
    return from_ + share * (to_ - from_);
  }
  std::vector<double> numbers() const { return round_numbers(low_, high_, kNumbers, logarithmic_); }

 private:
  bool logarithmic_;
  double from_, to_;
  double low_ = std::numeric_limits<double>::infinity(), high_ = -std::numeric_limits<double>::infinity();
};

std::string text_at(double x, double y, const char* anchor, const std::string& what, const std::string& more = "") {
  return fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"{}\"{}>{}</text>\n", x, y, anchor, more,
                     svg_text(what));
}

}  // namespace

std::vector<double> round_numbers(double low, double high, int count, bool logarithmic) {
  std::vector<double> numbers;
  if (logarithmic) {
    const auto powers = [&](double base, const std::vector<double>& times) {
      std::vector<double> all;
      for (double power = std::floor(std::log(low) / std::log(base)); std::pow(base, power) <= high * (1 + 1e-9);
           ++power) {
        for (const double factor : times) {
          const double number = factor * std::pow(base, power);
          if (number >= low * (1 - 1e-9) && number <= high * (1 + 1e-9)) all.push_back(number);
        }
      }
      return all;
    };
    numbers = low >= 1 ? powers(2, {1}) : powers(10, {1, 2, 5});
    return std::ssize(numbers) <= count ? numbers : powers(10, {1});
  }
  const double least = (high - low) / count, ten = std::pow(10, std::floor(std::log10(least)));
  double step = 10 * ten;
  for (const double times : {5.0, 2.0, 1.0}) step = times * ten >= least ? times * ten : step;
  for (double k = std::ceil(low / step - 1e-9); k * step <= high + 1e-9 * step; ++k)
    numbers.push_back(k * step + 0.0);  // never -0
  return numbers;
}

std::string svg(const LinePicture& picture) {
  ensure(!picture.panels.empty(), "picture: there is no panel to draw");
  std::vector<std::string> names;
  std::vector<bool> joined;
  for (const auto& panel : picture.panels) {
    for (const auto& line : panel.lines) {
      if (std::find(names.begin(), names.end(), line.name) != names.end()) continue;
      names.push_back(line.name);
      joined.push_back(line.joined);
    }
  }
  const double width = kPanelWidth * static_cast<double>(picture.panels.size());
  const double height = kPanelHeight + 20 * static_cast<double>(names.size()) + 10;
  std::string out = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {0} {1}\" width=\"{0}\" height=\"{1}\" "
      "font-family=\"sans-serif\" font-size=\"{2}\">\n<rect width=\"{0}\" height=\"{1}\" fill=\"white\"/>\n",
      width, height, kFont);
  out += text_at(width / 2, 25, "middle", picture.title, " font-size=\"18\"");
  for (std::size_t i = 0; i < picture.panels.size(); ++i) {
    const LinePicture::Panel& panel = picture.panels[i];
    const double left = kPanelWidth * static_cast<double>(i) + kLeft, right = left + kPanelWidth - kLeft - kRight;
    const double bottom = kPanelHeight - kBottom;
    Axis across(panel.log_across, left, right), up(panel.log_up, bottom, kTop);
    bool any = false;
    for (const auto& line : panel.lines) {
      for (const auto& [x, y] : line.points) {
        ensure(std::isfinite(x) && std::isfinite(y) && (!panel.log_across || x > 0) && (!panel.log_up || y > 0),
               "picture: ", line.name, " has a point at ", x, ", ", y, " in ", panel.title);
        across.take_in(x);
        up.take_in(y);
        any = true;
      }
    }
    ensure(any, "picture: ", panel.title, " has no point to draw");
    across.widen();
    up.widen();
    out += text_at((left + right) / 2, kTop - 15, "middle", panel.title, " font-weight=\"bold\"");
    out += text_at((left + right) / 2, bottom + 40, "middle", panel.across);
    out += text_at(left - 60, (kTop + bottom) / 2, "middle", panel.up,
                   fmt::format(" transform=\"rotate(-90 {:.1f} {:.1f})\"", left - 60, (kTop + bottom) / 2));
    for (const double number : across.numbers()) {
      out += fmt::format("<path d=\"M{:.1f} {:.1f}V{:.1f}\" stroke=\"#dddddd\"/>\n", across.at(number), kTop, bottom);
      out += text_at(across.at(number), bottom + 18, "middle", fmt::format("{:.6g}", number));
    }
    for (const double number : up.numbers()) {
      out += fmt::format("<path d=\"M{:.1f} {:.1f}H{:.1f}\" stroke=\"#dddddd\"/>\n", left, up.at(number), right);
      out += text_at(left - 6, up.at(number) + kFont / 3, "end", fmt::format("{:.6g}", number));
    }
    for (const auto& line : panel.lines) {
      const char* const colour =
          colour_of(static_cast<int>(std::find(names.begin(), names.end(), line.name) - names.begin()));
      std::string path;
      for (const auto& [x, y] : line.points)
        path += fmt::format("{}{:.1f} {:.1f}", path.empty() ? 'M' : 'L', across.at(x), up.at(y));
      if (line.joined)
        out += fmt::format("<path d=\"{}\" fill=\"none\" stroke=\"{}\" stroke-width=\"2\"/>\n", path, colour);
      for (const auto& [x, y] : line.points) {
        out +=
            fmt::format("<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"3.5\" fill=\"{}\"><title>{}</title></circle>\n",
                        across.at(x), up.at(y), colour, svg_text(fmt::format("{}: {:.6g}, {:.4g}", line.name, x, y)));
      }
    }
  }
  for (std::size_t n = 0; n < names.size(); ++n) {
    const double y = kPanelHeight + 20 * static_cast<double>(n) + 4;
    const char* const colour = colour_of(static_cast<int>(n));
    out += joined[n]
               ? fmt::format("<path d=\"M{0:.1f} {1:.1f}h24\" stroke=\"{2}\" stroke-width=\"3\"/>\n", kLeft, y, colour)
               : fmt::format("<ellipse cx=\"{:.1f}\" cy=\"{:.1f}\" rx=\"4\" ry=\"4\" fill=\"{}\"/>\n", kLeft + 12, y,
                             colour);
    out += text_at(kLeft + 32, y + kFont / 3, "start", names[n]);
  }
  return out + "</svg>\n";
}

}  // namespace heddle
