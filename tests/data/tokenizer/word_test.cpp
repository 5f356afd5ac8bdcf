#include "data/tokenizer/word.h"

#include <catch2/catch.hpp>

#include "data/io/utf8.h"

namespace heddle {
namespace {

std::unique_ptr<Tokenizer> trained(const std::string& text, std::int64_t min_count = 1, std::int64_t vocab_size = 1000,
                                   const std::string& kind = "word") {
  TokenizerOptions options;
  options.kind = kind;
  options.min_count = min_count;
  options.vocab_size = vocab_size;
  return train_tokenizer(options, read_from(text));
}

std::vector<std::string> words(const Tokenizer& tokenizer, const std::string& text) {
  std::vector<std::string> found;
  for (const std::int32_t id : tokenizer.encode(text)) found.push_back(tokenizer.piece(id));
  return found;
}

std::vector<std::string> composed(std::vector<std::string> words) {
  for (std::string& word : words) word = nfc(word);
  return words;
}

}  // namespace

TEST_CASE("words, punctuation marks and lines' ends are tokens, spaces are not") {
  const std::string text = "\"Don't,\" said the   king's cat (aged 9);\tnaïve—quite!\nEnd\xFF";
  const auto tokenizer = trained(text);
  REQUIRE(words(*tokenizer, text) == std::vector<std::string>{"\"",  "Don't", ",",    "\"", "said", "the", "king's",
                                                              "cat", "(",     "aged", "9",  ")",    ";",   "naïve",
                                                              "—",   "quite", "!",    "\n", "End",  "\xFF"});
  const auto ids = tokenizer->encode(text);
  const auto starts = tokenizer->starts(text, ids);
  REQUIRE(starts.size() == ids.size());
  for (std::size_t i = 0; i < ids.size(); ++i)
    REQUIRE(text.compare(starts[i], tokenizer->piece(ids[i]).size(), tokenizer->piece(ids[i])) == 0);
  REQUIRE_FALSE(tokenizer->lossless());
}

TEST_CASE("decoding puts spaces where print does, and is read back as the same words") {
  const std::string text = "The king (who was old) said: yes, and went.\nThe queen, 9, stayed!";
  const auto tokenizer = trained(text);
  REQUIRE(tokenizer->decode(tokenizer->encode(text)) == text);
  const std::string spread = "The king( who was   old )said :yes ,and went .\n The queen,9,stayed !";
  REQUIRE(tokenizer->decode(tokenizer->encode(spread)) == text);
  const std::string quoted = "the kings’ “ queen’s ” and";
  REQUIRE(trained(quoted)->decode(trained(quoted)->encode(quoted)) == "the kings’ “ queen’s” and");
}

TEST_CASE("the frequent words are kept, the others are unknown") {
  const auto tokenizer = trained("b b b a a c c d", 2, 4);
  REQUIRE(tokenizer->state().pieces == std::vector<std::string>{"<unk>", "b", "a", "c"});
  REQUIRE(tokenizer->state().counts == std::vector<std::int64_t>{1, 3, 2, 2});
  REQUIRE(tokenizer->encode("d a x") == Tokenizer::Ids{0, 2, 0});
  REQUIRE(tokenizer->decode(tokenizer->encode("d a x")) == "<unk> a <unk>");
  const TokenizerState fewer = trained("b b b a a c c d", 2, 3)->state();
  REQUIRE(fewer.counts == std::vector<std::int64_t>{3, 3, 2});  // the unknown ones are counted together
  REQUIRE(trained("b b b a a c c d", 3)->vocab_size() == 2);
  REQUIRE_THROWS_WITH(trained(" \t "), Catch::Contains("the text has no words"));
  REQUIRE_THROWS_WITH(make_tokenizer({"word", {"a", "b"}}), Catch::Contains("token 0 is not <unk>"));
  REQUIRE_THROWS_WITH(trained("a b c d", 2), Catch::Contains("no word is seen min_count = 2 times") &&
                                                 Catch::Contains("the most frequent 1 times"));
  TokenizerState state{"word", {"<unk>", "b", "b"}};
  REQUIRE_THROWS_WITH(make_tokenizer(state), Catch::Contains("0 counts for 3 tokens"));
  state.counts = {0, 1, 1};
  REQUIRE_THROWS_WITH(make_tokenizer(state), Catch::Contains("tokens 1 and 2 are the same"));
}

TEST_CASE("letters: marks on a letter belong to its word, in any script") {
  const std::vector<std::string> whole = {
      "\u0939\u093F\u0928\u094D\u0926\u0940",  // Hindi: vowel signs and a virama
      "\u0E17\u0E35\u0E48\u0E19\u0E35\u0E48",  // Thai: a vowel and a tone on one letter
      "\u0643\u064E\u062A\u064E\u0628\u064E",  // Arabic with vowels
      "cafe\u0301s",
      "a\u20DDb",  // decomposed; an enclosing circle
  };
  std::string text;
  for (const std::string& word : whole) text += word + ", ";
  CHECK(words(*trained(text, 1, 1000, "letters"), text) == composed(whole));
  const std::string alone = "\u0301a \u0301 b-\u0301c";  // marks on nothing part words as all else does
  const auto tokenizer = trained(alone, 1, 1000, "letters");
  const auto ids = tokenizer->encode(alone);
  CHECK(words(*tokenizer, alone) == std::vector<std::string>{"a", "b", "c"});
  CHECK(tokenizer->starts(alone, ids) == std::vector<std::uint64_t>{2, 7, 11});
  CHECK(words(*trained("E\u0301t\u00C9", 1, 1000, "letters"), "E\u0301t\u00C9") ==
        std::vector<std::string>{"\u00E9t\u00E9"});
}

TEST_CASE("marks and joiners part no word, whatever the script, and decoding keeps them") {
  const std::vector<std::string> whole = {
      "\u092D\u093E\u0937\u093E",                                      // Hindi
      "\u0E2A\u0E27\u0E31\u0E2A\u0E14\u0E35\u0E04\u0E23\u0E31\u0E1A",  // Thai
      "\u05E9\u05C1\u05B8\u05DC\u05D5\u05B9\u05DD",                    // pointed Hebrew
      "\u0BA4\u0BAE\u0BBF\u0BB4\u0BCD",                                // Tamil
      "\u0645\u06CC\u200C\u062E\u0648\u0627\u0647\u0645",              // Persian: a non-joiner
      "\u0915\u094D\u200D\u092F\u093E",                                // Hindi: a joiner
      "cafe\u0301",
  };
  std::string text;
  for (const std::string& word : whole) text += (text.empty() ? "" : " ") + word;
  for (const std::string kind : {"word", "letters"}) {
    const auto tokenizer = trained(text, 1, 1000, kind);
    CHECK(words(*tokenizer, text) == composed(whole));
    CHECK(tokenizer->decode(tokenizer->encode(text)) == nfc(text));
    // a joiner at a word's end is none of it
    CHECK(words(*trained("a\u200C b\u200D, \u200Dc", 1, 1000, kind), "a b c") ==
          std::vector<std::string>{"a", "b", "c"});
  }
}

TEST_CASE("a word that is asked for is read as the text's were") {
  const auto letters = word_reader({"letters", {"<unk>"}});
  REQUIRE(letters);
  CHECK(letters("QUEEN \u00C4") == "queen \u00E4");
  for (const char* kind : {"word", "bpe", "char", "byte"}) CHECK_FALSE(word_reader({kind, {"<unk>"}}));
}

TEST_CASE("letters: words are runs of letters in lower case, all else only parts them") {
  const std::string text =
      "The KING's 2 cats, Ärger_und\xFF"
      "ende\n-naïve.";
  const auto tokenizer = trained(text, 1, 1000, "letters");
  REQUIRE(words(*tokenizer, text) ==
          std::vector<std::string>{"the", "king", "s", "cats", "ärger", "und", "ende", "naïve"});
  const auto ids = tokenizer->encode(text);
  const auto starts = tokenizer->starts(text, ids);
  REQUIRE(starts.size() == ids.size());
  REQUIRE(starts[1] == 4);
  REQUIRE(starts[7] == text.find("naïve"));
  REQUIRE(tokenizer->encode("Kings KING") == Tokenizer::Ids{0, ids[1]});
  REQUIRE(make_tokenizer(tokenizer->state())->encode(text) == ids);
}

TEST_CASE("words that are written in parts and in one are the same word, unless they are to be kept apart") {
  for (const char* kind : {"word", "letters"}) {
    TokenizerOptions options;
    options.kind = kind;
    options.min_count = 1;
    const std::string text = "caf\u00E9 cafe\u0301 \u1112\u1161\u11AB \uD55C q\u0323\u0307";
    const auto one = train_tokenizer(options, read_from(text));
    CHECK(one->vocab_size() == 4);
    const auto ids = one->encode(text);
    REQUIRE(ids.size() == 5);
    CHECK(ids[0] == ids[1]);
    CHECK(ids[2] == ids[3]);
    CHECK(one->piece(ids[0]) == "caf\u00E9");
    CHECK(one->starts(text, ids) == std::vector<std::uint64_t>{0, 6, 13, 23, 27});
    CHECK(one->encode("q\u0307\u0323") == Tokenizer::Ids{ids[4]});  // marks in another order
    CHECK(word_reader(one->state())("cafe\u0301") == "caf\u00E9");
    options.nfc = false;
    const auto apart = train_tokenizer(options, read_from(text));
    CHECK(apart->vocab_size() == 6);
    CHECK(apart->encode(text)[0] != apart->encode(text)[1]);
  }
}

}  // namespace heddle
