#include "train/config/config_text.h"

#include <catch2/catch.hpp>

namespace heddle {

TEST_CASE("whatever a value is, what is written of it reads back the same, with a comment behind it too") {
  for (const std::string value :
       {"",     "a",      "a#b",    "#",  "a #b",    " a",         "a ",          "\"",    "\"a\"", "a \"b\" # c",
        "a\\b", "\\",     "a\nb",   "\t", "C:\\x\\", "\x01\x1F\r", "caf\xC3\xA9", "a = b", "[x]",   "a, b",
        " \\n", "\"\\\"", "\\x41 #"}) {
    INFO(value);
    CHECK(value_of_written(written(value), "x") == value);
    const std::string line = "k = " + written(value);
    const std::string read = without_comments(line + " # what # it \"is");
    CHECK(read.substr(0, read.find_last_not_of(" \n") + 1) == line.substr(0, line.find_last_not_of(' ') + 1));
    CHECK(written(value).find_first_of("\n\x01\r") == std::string::npos);
    for (const std::string other : {"b", "c d", "\"", "x,y"}) {
      CHECK(items_of_written(written_list({value, other, value}), "x") ==
            std::vector<std::string>{value, other, value});
    }
  }
  // what need not be quoted is not
  CHECK(written("my#notes.txt") == "my#notes.txt");
  CHECK(written("say \"a\" and \\n") == "say \"a\" and \\n");
  CHECK(written_list({"a b.txt", "c"}) == "a b.txt, c");
}

TEST_CASE("a # begins a comment where a line begins and behind a blank, not in a word and not in a quotation") {
  CHECK(without_comments("#a\nb = c#d\ne = f #g\n#") == "\nb = c#d\ne = f \n\n");
  CHECK(without_comments("b = \"c #d\" #e") == "b = \"c #d\" \n");
  CHECK(without_comments("b = x, \"c #d\", \" # \" #e") == "b = x, \"c #d\", \" # \" \n");
  CHECK(without_comments("b = c\" #e\"") == "b = c\" \n");
  CHECK(without_comments("b =\t#e").find('#') == std::string::npos);
  CHECK(without_comments("b = \"\\\" # c\" # d") == "b = \"\\\" # c\" \n");
}

TEST_CASE("items of a list stand between commas, quoted where they hold some, and empty ones do not count") {
  using List = std::vector<std::string>;
  CHECK(items_of_written("a, b c ,d", "x") == List{"a", "b c", "d"});
  CHECK(items_of_written(" , a,, ", "x") == List{"a"});
  CHECK(items_of_written("", "x").empty());
  CHECK(items_of_written("\"a, b\", c#d", "x") == List{"a, b", "c#d"});
  CHECK(items_of_written("a\"b, c\"", "x") == List{"a\"b", "c\""});
}

TEST_CASE("quotations that do not close, that more follows, and characters that stand for nothing are refused") {
  const auto refused = [](const std::string& text, const std::string& why) {
    INFO(text);
    CHECK_THROWS_WITH(value_of_written(text, "here"), Catch::StartsWith("here: ") && Catch::Contains(why));
    CHECK_THROWS_WITH(items_of_written(text, "here"), Catch::StartsWith("here: ") && Catch::Contains(why));
  };
  refused("\"a", "is not closed");
  refused("\"", "is not closed");
  refused("\"a\\\"", "is not closed");
  refused("\"a\" b", "more follows");
  refused("\"a\\q\"", "\\q stands for nothing");
  refused("\"a\\x0\"", "\\x stands for nothing");
  refused("\"a\\xZZ\"", "\\x stands for nothing");
}

}  // namespace heddle
