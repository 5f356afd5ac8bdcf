#pragma once

#include <iostream>
#include <nlohmann/json.hpp>

namespace heddle {

/// Prints an answer for other programs: one line, in which bytes that are not UTF-8 are U+FFFD.
inline void print_json(const nlohmann::json& answer) {
  std::cout << answer.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) << '\n';
}

}  // namespace heddle
