#pragma once

#include <string_view>

namespace heddle {

/// Whether a name such as "blocks/3/attention/weights" fits a pattern, in which each '*' stands for any characters, or
/// none: "blocks/*/attention/*".
constexpr bool fits(std::string_view pattern, std::string_view name) {
  if (pattern.empty()) return name.empty();
  if (pattern[0] != '*') return !name.empty() && pattern[0] == name[0] && fits(pattern.substr(1), name.substr(1));
  for (std::size_t skipped = 0; skipped <= name.size(); ++skipped) {
    if (fits(pattern.substr(1), name.substr(skipped))) return true;
  }
  return false;
}

}  // namespace heddle
