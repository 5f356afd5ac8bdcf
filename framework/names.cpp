#include "framework/names.h"

#include <algorithm>
#include <utility>

namespace heddle {

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t exchanged = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = std::exchange(row[j], std::min({row[j] + 1, row[j - 1] + 1, exchanged}));
    }
  }
  return row.back();
}

std::vector<std::string> nearest_spellings(std::string_view word, const std::vector<std::string>& known,
                                           std::size_t count, std::size_t farthest) {
  std::vector<std::pair<std::size_t, std::size_t>> near;  // distance, place
  for (std::size_t i = 0; i < known.size(); ++i) {
    const std::size_t length = known[i].size();
    const std::size_t least = std::max(length, word.size()) - std::min(length, word.size());
    if (least > farthest) continue;  // a vocabulary is large, and most of it is too long or too short
    const std::size_t distance = edit_distance(word, known[i]);
    if (distance <= farthest) near.emplace_back(distance, i);
  }
  count = std::min(count, near.size());
  std::partial_sort(near.begin(), near.begin() + static_cast<std::ptrdiff_t>(count), near.end());
  std::vector<std::string> words;
  for (std::size_t i = 0; i < count; ++i) words.push_back(known[near[i].second]);
  return words;
}

}  // namespace heddle
