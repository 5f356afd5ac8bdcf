#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "train/analysis/words/analogies.h"

namespace heddle {

/// Words to be drawn, and the group of each.
struct WordGroups {
  std::vector<index_t> rows;
  std::vector<int> groups;         ///< of each row
  std::vector<std::string> names;  ///< of the groups

  index_t size() const { return static_cast<index_t>(rows.size()); }
  const std::string& group_of(index_t i) const {
    return names[static_cast<std::size_t>(groups[static_cast<std::size_t>(i)])];
  }
};

/// The words of the questions' categories, at most `most`, each in the first category that it stands in; one without
/// such words is no group. As in evaluation, words that differ in case alone are the same. Errors: no word of the
/// categories has a vector.
WordGroups groups_by_category(const WordSpace& space, const std::vector<QuestionCategory>& categories, index_t most);

/// The first `count` words, all if there are fewer, each in its k-means cluster of their directions, at most
/// `clusters`. A group is named by its three most frequent words.
WordGroups groups_by_cluster(const WordSpace& space, index_t count, index_t clusters, std::uint64_t seed);

}  // namespace heddle
