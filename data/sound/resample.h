#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace heddle {

/// Samples taken at another rate: what band-limited interpolation makes of them, ceil(n to / from). `name` begins
/// messages. Errors: rates that are more than 256 times apart.
/// (Smith and Gossett, "A flexible sampling-rate conversion method", ICASSP 1984)
std::vector<float> resample(const std::vector<float>& samples, std::int64_t from, std::int64_t to,
                            const std::string& name);

}  // namespace heddle
