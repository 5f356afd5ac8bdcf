#include "train/analysis/words/word_groups.h"

#include <fmt/format.h>

#include <algorithm>

#include "data/io/utf8.h"
#include "train/analysis/geometry/clusters.h"

namespace heddle {

WordGroups groups_by_category(const WordSpace& space, const std::vector<QuestionCategory>& categories, index_t most) {
  const WordIndex index(space.words(), true);
  WordGroups found;
  std::vector<bool> taken(static_cast<std::size_t>(space.size()));
  for (const QuestionCategory& category : categories) {
    const auto group = static_cast<int>(found.names.size());
    for (const AnalogyQuestion& question : category.questions) {
      for (const std::string& word : question) {
        const index_t row = index.row_of(word);
        if (row < 0 || taken[static_cast<std::size_t>(row)] || found.size() >= most) continue;
        taken[static_cast<std::size_t>(row)] = true;
        if (!space.has_direction(row)) {
          found.zero.push_back(space.word(row));
          continue;
        }
        found.rows.push_back(row);
        found.groups.push_back(group);
      }
    }
    if (!found.groups.empty() && found.groups.back() == group) found.names.push_back(category.name);
  }
  ensure(!found.rows.empty(), "groups of words: no word of the categories has a vector that points somewhere");
  return found;
}

WordGroups groups_by_cluster(const WordSpace& space, const DrawnWords& drawn, index_t clusters, std::uint64_t seed) {
  ensure(drawn.size() > 0, "groups of words: no word is to be drawn");
  WordGroups found{drawn};
  clusters = std::min(clusters, found.size());
  found.groups = cluster_rows(space.directions(found.rows), clusters, Rng(seed));
  for (index_t g = 0; g < clusters; ++g) {
    std::vector<std::string> first;
    for (std::size_t i = 0; i < found.rows.size() && first.size() < 3; ++i) {
      if (found.groups[i] == static_cast<int>(g)) first.push_back(visible_start(space.word(found.rows[i])));
    }
    found.names.push_back(fmt::format("{}", fmt::join(first, ", ")));
  }
  return found;
}

}  // namespace heddle
