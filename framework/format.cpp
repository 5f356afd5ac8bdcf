#include "framework/format.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace heddle {

std::string human_count(double n) {
  std::string digits = fmt::format("{:.0f}", n);
  for (std::size_t at = digits.size(); at > 3 + (n < 0 ? 1U : 0U);) digits.insert(at -= 3, ",");
  return digits;
}

std::string human_bytes(double bytes) {
  constexpr const char* kUnits[] = {"B", "KB", "MB", "GB", "TB"};
  std::size_t unit = 0;
  for (; bytes >= 999.5 && unit < 4; ++unit) bytes /= 1000;
  return fmt::format("{:.{}f} {}", bytes, unit == 0 || bytes >= 99.95 ? 0 : bytes >= 9.995 ? 1 : 2, kUnits[unit]);
}

std::string human_time(double seconds) {
  const auto whole = static_cast<long long>(std::llround(std::max(0.0, seconds)));
  if (whole >= 3600) return fmt::format("{}h {:02}m", whole / 3600, whole % 3600 / 60);
  if (whole >= 60) return fmt::format("{}m {:02}s", whole / 60, whole % 60);
  return fmt::format("{}s", whole);
}

}  // namespace heddle
