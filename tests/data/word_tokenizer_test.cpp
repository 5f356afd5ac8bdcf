#include "data/word_tokenizer.h"

#include <catch2/catch.hpp>

namespace heddle {
namespace {

std::unique_ptr<Tokenizer> trained(const std::string& text, std::int64_t min_count = 1,
                                   std::int64_t vocab_size = 1000) {
  TokenizerOptions options;
  options.kind = "word";
  options.min_count = min_count;
  options.vocab_size = vocab_size;
  return train_tokenizer(options, read_from(text));
}

std::vector<std::string> words(const Tokenizer& tokenizer, const std::string& text) {
  std::vector<std::string> found;
  for (const std::int32_t id : tokenizer.encode(text)) found.push_back(tokenizer.piece(id));
  return found;
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
  REQUIRE(tokenizer->encode("d a x") == Tokenizer::Ids{0, 2, 0});
  REQUIRE(tokenizer->decode(tokenizer->encode("d a x")) == "<unk> a <unk>");
  REQUIRE(trained("b b b a a c c d", 2, 3)->vocab_size() == 3);
  REQUIRE(trained("b b b a a c c d", 3)->vocab_size() == 2);
  REQUIRE_THROWS_WITH(trained(" \t "), Catch::Contains("the text has no words"));
  REQUIRE_THROWS_WITH(make_tokenizer({"word", {"a", "b"}}), Catch::Contains("token 0 is not <unk>"));
  REQUIRE_THROWS_WITH(make_tokenizer({"word", {"<unk>", "b", "b"}}), Catch::Contains("tokens 1 and 2 are the same"));
}

}  // namespace heddle
