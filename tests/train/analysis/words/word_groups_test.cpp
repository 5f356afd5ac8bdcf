#include "train/analysis/words/word_groups.h"

#include <catch2/catch.hpp>

#include "tests/temporary_folder.h"

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

TEST_CASE("small words and punctuation marks are left out, unless they are wanted") {
  for (const char* word : {"the", "The", " the", "of", "don't", ",", "\n", " ", "\u2014", "\xFF", "..."})
    CHECK(is_small_word(word));
  for (const char* word : {"king", "9", "them e", "\u0905", "theory", "  the"}) CHECK_FALSE(is_small_word(word));
  const WordSpace space(
      {{"the", "king", "nothing", ",", "queen", "Of", "man"}, Tensor::from({1, 2, 0, 4, 5, 6, 7}, {7, 1})});
  const DrawnWords drawn = frequent_words(space, 2, false);
  CHECK(drawn.rows == std::vector<index_t>{1, 4});
  CHECK(drawn.small == 2);
  CHECK(drawn.zero == std::vector<std::string>{"nothing"});
  const DrawnWords all = frequent_words(space, 100, true);
  CHECK(all.rows == std::vector<index_t>{0, 1, 3, 4, 5, 6});
  CHECK(all.small == 0);
  WordVectors asked{{"king", "queen"}, Tensor::from({1, 2}, {2, 1})};
  asked.asked = 1;
  CHECK(frequent_words(WordSpace(asked), 100, true).rows == std::vector<index_t>{0});
  CHECK_THROWS_WITH(groups_by_cluster(WordSpace({{"the"}, Tensor::from({1}, {1, 1})}),
                                      frequent_words(WordSpace({{"the"}, Tensor::from({1}, {1, 1})}), 5, false), 2, 1),
                    Catch::Contains("no word is to be drawn"));
}

TEST_CASE("listed words are drawn once each in their order, and those that are unknown or zero are told") {
  const WordSpace space({{"the", "king", "nothing", "new york"}, Tensor::from({1, 2, 0, 4}, {4, 1})});
  const TemporaryFolder folder;
  const auto listed = read_words(folder.write("list", "\xEF\xBB\xBFnew york\r\n\n  king \nKing\nqueen\nnothing\nthe"));
  CHECK(listed == std::vector<std::string>{"new york", "king", "King", "queen", "nothing", "the"});
  const DrawnWords drawn = listed_words(space, listed);
  CHECK(drawn.rows == std::vector<index_t>{3, 1, 0});
  CHECK(drawn.unknown == std::vector<std::string>{"queen"});
  CHECK(drawn.zero == std::vector<std::string>{"nothing"});
  CHECK_THROWS_WITH(listed_words(space, {"a", "b"}), Catch::Contains("none of the 2"));
  CHECK_THROWS_WITH(read_words(folder.write("list", " \n\n")), Catch::Contains("is empty"));
}

TEST_CASE("words that nothing tells apart are found, whatever their lengths") {
  const WordSpace space({{"a", "b", "c", "d", "e", "f"}, Tensor::from({0, 1, 1, 0, 0, 3, 1, 1, 2, 0, 5, 0}, {6, 2})});
  using Sets = std::vector<std::vector<std::string>>;
  DrawnWords all;
  all.rows = {0, 1, 2, 3, 4, 5};
  CHECK(equal_words(space, all) == Sets{{"a", "c"}, {"b", "e", "f"}});
  all.rows = {0, 1, 3};
  CHECK(equal_words(space, all).empty());
}

TEST_CASE("a category's words whose vectors are zero are told, and not drawn") {
  const WordSpace space({{"paris", "france", "berlin"}, Tensor::from({1, 0, 2}, {3, 1})});
  const WordGroups found = groups_by_category(space, {{"capitals", {{"paris", "france", "berlin", "x"}}}}, 10);
  CHECK(found.rows == std::vector<index_t>{0, 2});
  CHECK(found.zero == std::vector<std::string>{"france"});
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
  const WordGroups found = groups_by_cluster(space, frequent_words(space, 100, true), 2, 1);
  CHECK(found.size() == 9);
  REQUIRE(found.names == std::vector<std::string>{"w1, w2, w4", "w0, w3, w6"});
  for (index_t i = 0; i < 9; ++i) CHECK(found.group_of(i) == (i % 3 == 0 ? found.names[1] : found.names[0]));
  const WordGroups two = groups_by_cluster(space, frequent_words(space, 2, true), 5, 1);  // no more clusters than words
  CHECK(two.size() == 2);
  CHECK(two.names.size() == 2);
}

}  // namespace heddle
