#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "train/analysis/words/analogies.h"

namespace heddle {

/// Words to be drawn, and those that are not, with why.
struct DrawnWords {
  std::vector<index_t> rows;
  std::vector<std::string> zero{};     ///< their vectors are zero, and point nowhere
  std::vector<std::string> unknown{};  ///< they have no vectors
  index_t small = 0;                   ///< small words, so many

  index_t size() const { return static_cast<index_t>(rows.size()); }
};
/// The first `count` answers of the space, all if there are fewer; without `small` ones, unless they are wanted.
DrawnWords frequent_words(const WordSpace& space, index_t count, bool small);
/// Those that are listed, each once. Errors: none of them is known.
DrawnWords listed_words(const WordSpace& space, const std::vector<std::string>& words);
/// The words of a file, one a line, which may hold blanks. Errors: those of for_lines; it holds none.
std::vector<std::string> read_words(const std::string& path);
/// Whether a word is one of those that hold sentences together and stand for nothing (articles, pronouns, prepositions,
/// conjunctions and auxiliary verbs of English, in any case), or holds no letter and no digit.
bool is_small_word(std::string_view word);
/// Drawn words whose directions are equal, so that nothing tells them apart: each set of two or more.
std::vector<std::vector<std::string>> equal_words(const WordSpace& space, const DrawnWords& drawn);

/// Words to be drawn, and the group of each.
struct WordGroups : DrawnWords {
  std::vector<int> groups{};         ///< of each row
  std::vector<std::string> names{};  ///< of the groups

  const std::string& group_of(index_t i) const {
    return names[static_cast<std::size_t>(groups[static_cast<std::size_t>(i)])];
  }
};

/// The words of the questions' categories, at most `most`, each in the first category that it stands in; one without
/// such words is no group. As in evaluation, words that differ in case alone are the same. Errors: no word of the
/// categories has a vector that points somewhere.
WordGroups groups_by_category(const WordSpace& space, const std::vector<QuestionCategory>& categories, index_t most);

/// The words that are drawn, each in its k-means cluster of their directions, at most `clusters`. A group is named by
/// its three most frequent words. Errors: there are none.
WordGroups groups_by_cluster(const WordSpace& space, const DrawnWords& drawn, index_t clusters, std::uint64_t seed);

}  // namespace heddle
