#include "train/export/report/report.h"

#include <algorithm>
#include <string_view>

#include "data/io/utf8.h"

namespace heddle {

/// The page with its style and scripts, from the files beside this one: see join.cmake.
extern const std::string_view kReportPage;

namespace {

/// A page can show neither bytes that are not UTF-8 nor control characters, and tokens may be such: the numbers of
/// those.
nlohmann::json readable_texts(nlohmann::json data) {
  if (data.is_string()) {
    const std::string& text = data.get_ref<const std::string&>();
    const bool shown = find_invalid_utf8(text) == text.npos &&
                       std::none_of(text.begin(), text.end(), [](char c) { return c >= 0 && c < 32 && c != '\n'; });
    if (!shown) data = readable(text);
    return data;
  }
  if (data.is_structured()) {
    for (auto& part : data) part = readable_texts(std::move(part));
  }
  return data;
}

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
  page += escaped(readable_texts(data));
  return page += kReportPage.substr(at + kPlace.size());
}

}  // namespace heddle
