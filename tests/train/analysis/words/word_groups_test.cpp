#include "train/analysis/words/word_groups.h"

#include <catch2/catch.hpp>

namespace heddle {
namespace {

WordSpace capitals() {
  return WordSpace({{"paris", "france", "Berlin", "king"}, Tensor::from({1, 0, 0.9F, 0.2F, 0, 1, 0.5F, 0.5F}, {4, 2})});
}

}  // namespace

TEST_CASE("the words of questions are grouped by category, in any case, and a category without words is no group") {
  const std::vector<QuestionCategory> categories = {{"capitals", {{"Paris", "France", "Berlin", "Germany"}}},
                                                    {"none", {{"yen", "japan", "won", "korea"}}},
                                                    {"people", {{"King", "x", "Paris", "y"}}}};
  const WordGroups found = groups_by_category(capitals(), categories, 10);
  CHECK(found.rows == std::vector<index_t>{0, 1, 2, 3});
  CHECK(found.groups == std::vector<int>{0, 0, 0, 1});  // Paris stays in its first category
  CHECK(found.names == std::vector<std::string>{"capitals", "people"});
  CHECK(found.group_of(3) == "people");
  const WordGroups three = groups_by_category(capitals(), categories, 3);
  CHECK(three.size() == 3);
  CHECK(three.names == std::vector<std::string>{"capitals"});
  CHECK_THROWS_WITH(groups_by_category(capitals(), {categories[1]}, 10), Catch::Contains("no word of the categories"));
}

TEST_CASE("clusters are named by their three most frequent words") {
  WordVectors vectors;
  std::vector<real> values;
  for (int i = 0; i < 9; ++i) {  // two directions, a third of the words to the one
    vectors.words.push_back("w" + std::to_string(i));
    const bool up = i % 3 == 0;
    values.insert(values.end(), {up ? 0.01F * static_cast<real>(i) : 1, up ? 1 : 0.01F * static_cast<real>(i)});
  }
  vectors.vectors = Tensor::from(values, {9, 2});
  const WordSpace space(vectors);
  const WordGroups found = groups_by_cluster(space, 100, 2, 1);
  CHECK(found.size() == 9);
  REQUIRE(found.names == std::vector<std::string>{"w1, w2, w4", "w0, w3, w6"});
  for (index_t i = 0; i < 9; ++i) CHECK(found.group_of(i) == (i % 3 == 0 ? found.names[1] : found.names[0]));
  const WordGroups two = groups_by_cluster(space, 2, 5, 1);  // no more clusters than words
  CHECK(two.size() == 2);
  CHECK(two.names.size() == 2);
}

}  // namespace heddle
