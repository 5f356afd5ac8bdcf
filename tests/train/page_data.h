#pragma once

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <string>

namespace heddle {

/// What a page of report_page holds between the tags of its data, as it stands there.
inline std::string data_text(const std::string& page) {
  const std::string begin = "id=\"data\">", end = "</script>";
  const std::size_t from = page.find(begin);
  REQUIRE(from != page.npos);
  return page.substr(from + begin.size(), page.find(end, from) - from - begin.size());
}
inline nlohmann::json page_data(const std::string& page) { return nlohmann::json::parse(data_text(page)); }

}  // namespace heddle
