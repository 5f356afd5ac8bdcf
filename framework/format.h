#pragma once

#include <cstddef>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

namespace heddle {

std::string human_count(double n);       ///< 124,439,808
std::string human_bytes(double bytes);   ///< 1.25 GB
std::string human_time(double seconds);  ///< 1h 02m, 3m 20s, 12s

/// How many bytes must be put in, taken out, replaced, or exchanged with the next one, to make b from a, each byte
/// touched once (Damerau, 1964; Levenshtein, 1966).
std::size_t edit_distance(std::string_view a, std::string_view b);

/// Up to `count` of the known words, those nearest to `word` by edit distance, the nearest first and of equals the
/// earlier; none that is farther than `farthest`.
std::vector<std::string> nearest_spellings(std::string_view word, const std::vector<std::string>& known,
                                           std::size_t count,
                                           std::size_t farthest = std::numeric_limits<std::size_t>::max());

}  // namespace heddle
