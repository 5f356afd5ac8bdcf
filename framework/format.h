#pragma once

#include <string>

namespace heddle {

std::string human_count(double n);       ///< 124,439,808
std::string human_bytes(double bytes);   ///< 1.25 GB
std::string human_time(double seconds);  ///< 1h 02m, 3m 20s, 12s

}  // namespace heddle
