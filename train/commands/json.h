#pragma once

#include <iostream>
#include <nlohmann/json.hpp>

namespace heddle {

/// Prints a command's answer: `structured` with --json, on one line in which bytes that are not UTF-8 are U+FFFD, else
/// `text`.
inline void print_answer(bool json, const nlohmann::json& structured, const std::string& text) {
  std::cout << (json ? structured.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + '\n' : text);
}

/// to_json of each, which stands in namespace heddle itself.
template <class Range>
nlohmann::json json_list(const Range& range) {
  nlohmann::json list = nlohmann::json::array();
  for (const auto& item : range) list.push_back(to_json(item));
  return list;
}

}  // namespace heddle
