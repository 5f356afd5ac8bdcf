#include "data/classes.h"

#include <catch2/catch.hpp>

namespace heddle {
namespace {

using Catch::Matchers::Contains;
using Names = std::vector<std::string>;
using Numbers = std::vector<std::int32_t>;

}  // namespace

TEST_CASE("classes are numbered by the names of training examples, whole numbers by their size") {
  const Classes words = number_classes({"dog", "cat", "dog", "cat"}, {{{0, 3}, {3, 4}, {}}}, nullptr, "table", "a.csv");
  CHECK(words.names == Names{"cat", "dog"});
  CHECK(words.of_example == Numbers{1, 0, 1, 0});
  const Classes numbers = number_classes({"10", "9", "x", "-1"}, {{{0, 4}, {}, {}}}, nullptr, "table", "a.csv");
  CHECK(numbers.names == Names{"-1", "9", "10", "x"});
  CHECK(numbers.of_example == Numbers{2, 1, 3, 0});
}

TEST_CASE("a model's own numbers of classes stay, whichever the data has") {
  DataState known;
  known.labels = {"dog", "cat", "eel"};
  const Classes classes = number_classes({"cat", "dog"}, {{{0, 1}, {1, 2}, {}}}, &known, "table", "a.csv");
  CHECK(classes.names == known.labels);
  CHECK(classes.of_example == Numbers{1, 0});
  CHECK_THROWS_WITH(number_classes({"cat", "ox"}, {{{0, 2}, {}, {}}}, &known, "table", "a.csv"),
                    "table: a.csv holds the class 'ox', which the model was not trained on; it knows dog, cat, eel");
}

TEST_CASE("a class that no training example has is refused, and an example without one") {
  CHECK_THROWS_WITH(number_classes({"cat", "dog", "ox"}, {{{0, 2}, {2, 3}, {}}}, nullptr, "table", "a.csv"),
                    "table: a.csv holds the class 'ox', which no training example has; those have cat, dog");
  CHECK_THROWS_WITH(number_classes({"cat", ""}, {{{0, 2}, {}, {}}}, nullptr, "table", "a.csv"),
                    Contains("has an example without a class"));
}

TEST_CASE("a file's path says its class, by the folder or by a pattern on the name") {
  CHECK(class_from_path("pets/cats/1.png", "folder") == "cats");
  CHECK(class_from_path("fsdd/7_jackson_32.wav", "{}_*.wav") == "7");
  CHECK(class_from_path("fsdd/7_jackson_32.wav", "*_{}_*.wav") == "jackson");
  CHECK(class_from_path("a/b-cat", "b-{}") == "cat");
  CHECK_THROWS_WITH(class_from_path("1.png", "folder"), Contains("lies in no folder"));
  CHECK_THROWS_WITH(class_from_path("a/1.png", "*.png"), Contains("with {} for the class"));
  CHECK_THROWS_WITH(class_from_path("a/1.png", "{}_*.png"), Contains("does not fit a/1.png"));
  CHECK_THROWS_WITH(class_from_path("a/_1.png", "{}_*.png"), Contains("does not fit"));  // a class has a character
}

}  // namespace heddle
