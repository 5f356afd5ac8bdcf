#include "train/export/report/report.h"

#include <string_view>

namespace heddle {

/// The page with its style and scripts, from the files beside this one: see join.cmake.
extern const std::string_view kReportPage;

namespace {

/// JSON in which no character means anything to HTML, nor ends a line of a script: they are written by their numbers.
std::string escaped(const nlohmann::json& data) {
  const std::string json = data.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  std::string out;
  out.reserve(json.size());
  for (std::size_t i = 0; i < json.size(); ++i) {
    const std::string_view rest = std::string_view(json).substr(i, 3);
    if (rest[0] == '<') {
      out += "\\u003c";
    } else if (rest[0] == '>') {
      out += "\\u003e";
    } else if (rest[0] == '&') {
      out += "\\u0026";
    } else if (rest == "\u2028" || rest == "\u2029") {
      out += rest == "\u2028" ? "\\u2028" : "\\u2029";
      i += 2;
    } else {
      out += rest[0];
    }
  }
  return out;
}

}  // namespace

std::string report_page(const nlohmann::json& data) {
  constexpr std::string_view kPlace = "{{data}}";
  const std::size_t at = kReportPage.find(kPlace);
  std::string page(kReportPage.substr(0, at));
  page += escaped(data);
  return page += kReportPage.substr(at + kPlace.size());
}

}  // namespace heddle
