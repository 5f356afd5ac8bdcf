#include "data/io/utf8.h"

#include <catch2/catch.hpp>

namespace heddle {

TEST_CASE("what can be printed is shown as itself, and what cannot by its number") {
  CHECK(visible("the end") == "the·end");
  CHECK(visible("a\n\r\tb") == "a\\n\\r\\tb");
  CHECK(visible("\x1b[0m\x7f") == "\\u{1B}[0m\\u{7F}");
  CHECK(visible("caf\xE9") == "caf\\xE9");
  CHECK(visible("中文 é") == "中文·é");
  CHECK(one_line("a b\n") == "a b\\n");
}

TEST_CASE("marks are shown as themselves on what is printed, and by their numbers where they stand on nothing") {
  for (const std::string word : {"\u092D\u093E\u0937\u093E", "\u0E2A\u0E27\u0E31\u0E2A\u0E14\u0E35", "cafe\u0301s",
                                 "\u0643\u064E\u062A\u064E", "\u05E9\u05C1\u05B8", "a\u0301\u0323", "\u2764\uFE0F"})
    CHECK(visible(word) == word);
  CHECK(visible("\u093E") == "\\u{93E}");
  CHECK(visible("\u0301a") == "\\u{301}a");
  CHECK(visible(" \u0301") == "·\\u{301}");
  CHECK(visible("\n\u0301\u0301") == "\\n\\u{301}\\u{301}");
  CHECK(visible("\xFF\u0301") == "\\xFF\\u{301}");
}

TEST_CASE("joiners are shown as themselves within a word, and by their numbers at its ends") {
  CHECK(visible("\u0645\u06CC\u200C\u062E") == "\u0645\u06CC\u200C\u062E");
  CHECK(visible("\u0915\u094D\u200D\u092F") == "\u0915\u094D\u200D\u092F");
  CHECK(visible("a\u200D") == "a\\u{200D}");
  CHECK(visible("a\u200D\u0301") == "a\\u{200D}\\u{301}");
  CHECK(visible("\u200Da") == "\\u{200D}a");
  CHECK(visible("a\u200C b") == "a\\u{200C}·b");
}

TEST_CASE("the start of a long text is whole characters and dots, a short one is all of it") {
  CHECK(visible_start("caf\xC3\xA9", 5) == "café");
  CHECK(visible_start("caf\xC3\xA9s", 5) == "café...");
  CHECK(visible_start("caf\xC3\xA9s", 4) == "caf...");
  CHECK(visible_start("\xFF\xFF\xFF", 2) == "\\xFF\\xFF...");
  CHECK(visible_start(std::string(70000, 'x')) == std::string(40, 'x') + "...");
}

}  // namespace heddle
