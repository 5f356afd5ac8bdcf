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

TEST_CASE("form C joins what can be one code point, orders marks, and leaves all else") {
  CHECK(nfc("cafe\u0301s") == "caf\u00E9s");
  CHECK(nfc("\u212B\u2126") == "\u00C5\u03A9");  // the signs of ångström and ohm
  CHECK(nfc("q\u0307\u0323") == "q\u0323\u0307");
  CHECK(nfc("s\u0323\u0307") == "\u1E69");
  CHECK(nfc("\u1112\u1161\u11AB\uAC00\u11A8") == "\uD55C\uAC01");
  CHECK(nfc("\u0915\u093C") == "\u0915\u093C");  // क़ is left in two
  CHECK(nfc("\u0958") == "\u0915\u093C");
  CHECK(nfc("\uFB01 \u00B2") == "\uFB01 \u00B2");  // that is form KC
  CHECK(nfc("\u0301a") == "\u0301a");
  CHECK(nfc("e\u0301\xFF\u0301 e\xCC") == "\u00E9\xFF\u0301 e\xCC");
  CHECK(nfc("") == "");
  for (const char* text : {"cafe\u0301 \xE4 q\u0307\u0323", "\u1112\u1161 \u0958"}) CHECK(nfc(nfc(text)) == nfc(text));
  for (char32_t c = 1; c < 0x30000; c = c == 0xD7FF ? 0xE000 : c + 1) {
    const bool same = nfc("a " + encode_utf8(c)) == "a " + encode_utf8(c);
    if (is_form_c(c) && !same) FAIL(describe(c));
  }
}

TEST_CASE("each byte of form C knows where in the text it comes from") {
  std::vector<std::size_t> places = {7};
  CHECK(nfc("ae\u0301b\xFF"
            "A\u030Ac",
            &places) == "a\u00E9b\xFF\u00C5c");
  CHECK(places == std::vector<std::size_t>{0, 1, 1, 4, 5, 6, 6, 9});
}

TEST_CASE("code points are found from behind and counted") {
  CHECK((last_code_point("a\u00E9").value == 0xE9));
  CHECK(last_code_point("a\U0001F600").length == 4);
  CHECK(last_code_point("").length == 0);
  CHECK(last_code_point("a\x80").length == 0);
  CHECK(last_code_point("\u00E9\x80").length == 0);
  CHECK(count_code_points("aé中\U0001F600") == 4);
}

TEST_CASE("a word's characters are those that Unicode's regular expressions take for one's") {
  for (const char32_t c :
       {U'a', U'é', U'中', U'_', U'7', U'\u0301', U'\u2160', U'\u24B6', U'\u203F', U'\u200D', U'\U0001F150'})
    CHECK(is_word_of_regex(c));
  for (const char32_t c : {U' ', U'-', U'²', U'½', U'\u2460', U'\u200B', U'€', U'\U0001F600'})
    CHECK_FALSE(is_word_of_regex(c));
}

}  // namespace heddle
