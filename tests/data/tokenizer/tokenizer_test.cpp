#include "data/tokenizer/tokenizer.h"

#include <catch2/catch.hpp>

#include "data/io/utf8.h"
#include "framework/rng.h"

namespace heddle {
namespace {

std::unique_ptr<Tokenizer> trained(const std::string& kind, std::string_view text) {
  TokenizerOptions options;
  options.kind = kind;
  options.min_count = 1;
  return train_tokenizer(options, read_from(text));
}

}  // namespace

TEST_CASE("char tokens are the text's code points in their order, and decode to the text") {
  const std::string text = "héllo wörld, 日本語 \xF0\x9F\x98\x80\n";
  const auto tokenizer = trained("char", text);
  REQUIRE(tokenizer->piece(0) == "\n");
  for (std::int32_t id = 1; id < tokenizer->vocab_size(); ++id) {
    REQUIRE(decode_utf8(tokenizer->piece(id - 1)).value < decode_utf8(tokenizer->piece(id)).value);
  }
  const auto ids = tokenizer->encode(text);
  REQUIRE(ids.size() == 19);
  REQUIRE(tokenizer->decode(ids) == text);
  REQUIRE(tokenizer->encode("").empty());
}

TEST_CASE("byte tokens read any bytes") {
  const auto tokenizer = trained("byte", "");
  std::string bytes;
  for (int i = 0; i < 1000; ++i) bytes += static_cast<char>(Rng(1).bits(static_cast<std::uint64_t>(i)));
  bytes += '\0';
  REQUIRE(tokenizer->vocab_size() == 256);
  REQUIRE(tokenizer->decode(tokenizer->encode(bytes)) == bytes);
  REQUIRE(tokenizer->encode("\xFF") == Tokenizer::Ids{255});
}

TEST_CASE("a tokenizer made from another's state gives the same ids") {
  const std::string kind = GENERATE("char", "byte", "word", "bpe");
  const auto first = trained(kind, "abc äöü");
  const auto second = make_tokenizer(first->state());
  REQUIRE(second->state().kind == kind);
  REQUIRE(second->encode("bä ca") == first->encode("bä ca"));
}

TEST_CASE("what a tokenizer cannot read is named with its place") {
  const auto tokenizer = trained("char", "abc");
  REQUIRE_THROWS_WITH(tokenizer->encode("abé"), Catch::Contains("'é' (U+00E9) at byte 2"));
  REQUIRE_THROWS_WITH(tokenizer->encode("a\n"), Catch::Contains("U+000A at byte 1"));
  REQUIRE_THROWS_WITH(tokenizer->encode("ab\xFF"),
                      Catch::Contains("byte 2") && Catch::Contains("data.tokenizer = byte"));
  REQUIRE_THROWS_WITH(trained("char", "a\xC3"), Catch::Contains("byte 1 of the text is not UTF-8"));
  const std::vector<std::int32_t> outside = {0, 3};
  REQUIRE_THROWS_WITH(tokenizer->decode(outside), Catch::Contains("token 3 is outside the vocabulary of 3"));
  REQUIRE_THROWS_WITH(tokenizer->piece(-1), Catch::Contains("token -1"));
  REQUIRE_THROWS_WITH(trained("chars", "a"), Catch::Contains("choose one of: char, byte, word, letters, bpe"));
}

TEST_CASE("a tokenizer's state from a damaged file is refused") {
  REQUIRE_THROWS_WITH(make_tokenizer({"char", {"a", "bc"}}), Catch::Contains("piece 1 is not one character"));
  REQUIRE_THROWS_WITH(make_tokenizer({"char", {"a", "a"}}), Catch::Contains("stands twice"));
  REQUIRE_THROWS_WITH(make_tokenizer({"char", {""}}), Catch::Contains("piece 0"));
  REQUIRE_THROWS_WITH(make_tokenizer({"char", {}}), Catch::Contains("the vocabulary is empty"));
  REQUIRE_THROWS_WITH(make_tokenizer({"byte", {"a"}}), Catch::Contains("1 pieces, not 256"));
  REQUIRE_THROWS_WITH(make_tokenizer({"chars", {}}), Catch::Contains("no such kind"));
}

TEST_CASE("only shortest forms of code points up to U+10FFFF, without surrogates, are UTF-8") {
  for (const char* good :
       {"a", "\xC2\x80", "\xDF\xBF", "\xE0\xA0\x80", "\xEF\xBF\xBF", "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF"}) {
    const CodePoint c = decode_utf8(good);
    REQUIRE(c.length == std::string(good).size());
    REQUIRE(encode_utf8(c.value) == good);
  }
  for (const char* bad : {"\x80", "\xC0\x80", "\xC1\xBF", "\xE0\x9F\xBF", "\xED\xA0\x80", "\xF0\x8F\xBF\xBF",
                          "\xF4\x90\x80\x80", "\xF5", "\xC3", "\xE2\x82", "\xC3z"}) {
    REQUIRE(decode_utf8(bad).length == 0);
    REQUIRE(find_invalid_utf8(std::string("ab") + bad) == 2);
  }
  REQUIRE(decode_utf8("").length == 0);
  REQUIRE(find_invalid_utf8("aé") == std::string::npos);
}

TEST_CASE("special tokens stand behind what is learned, and are found where they are allowed alone, in every kind") {
  TokenizerOptions options;
  options.vocab_size = 270;
  options.min_count = 1;
  options.specials = {"[a]", "[a] b"};
  for (const std::string& kind : tokenizer_kinds()) {
    INFO(kind);
    options.kind = kind;
    const auto tokenizer = train_tokenizer(options, read_from("some words, some words[a]some words"));
    const std::vector<std::string>& pieces = tokenizer->state().pieces;
    const auto last = static_cast<std::int32_t>(pieces.size() - 1);
    CHECK(pieces.size() <= 270);
    CHECK(tokenizer->state().specials == std::vector<std::int32_t>{last - 1, last});
    CHECK(tokenizer->piece(last - 1) == "[a]");
    CHECK(special_token(tokenizer->state(), "[a] b") == last);
    CHECK_FALSE(special_token(tokenizer->state(), "words").has_value());
    const bool bytes = kind == "byte" || kind == "bpe";
    CHECK((std::count(pieces.begin(), pieces.end(), "[") == 1) == bytes);  // it is cut out of what is learned from

    const auto words = tokenizer->encode("some words"), more = tokenizer->encode("words");
    auto wanted = words;
    wanted.push_back(last);
    wanted.push_back(last - 1);
    wanted.insert(wanted.end(), more.begin(), more.end());
    CHECK(tokenizer->encode("some words[a] b[a]words", Specials::allowed) == wanted);
    if (kind == "char") {  // it never saw a bracket
      CHECK_THROWS_WITH(tokenizer->encode("words[a]"), Catch::Contains("'[' (U+005B) at byte 5"));
      CHECK_THROWS_WITH(tokenizer->encode("[a]words[", Specials::allowed), Catch::Contains("'[' (U+005B) at byte 8"));
    } else {
      for (const std::int32_t id : tokenizer->encode("some words[a] b[a]words")) CHECK(id < last - 1);
    }
    const auto again = make_tokenizer(tokenizer->state());
    CHECK(again->encode("some words[a] b[a]words", Specials::allowed) == wanted);
    CHECK(again->decode(std::vector{last}) == "[a] b");
  }
}

TEST_CASE("text is never cut within a special token, however long it is, in every kind") {
  TokenizerOptions options;
  options.vocab_size = 300;
  options.min_count = 1;
  options.specials = {"<a b c d e f>"};
  std::string text;
  while (text.size() < 200000) text += "<a b c d e f>a b";
  for (const std::string& kind : tokenizer_kinds()) {
    INFO(kind);
    options.kind = kind;
    const auto tokenizer = train_tokenizer(options, read_from(text));
    std::vector<std::int32_t> wanted, one = tokenizer->encode("<a b c d e f>a b", Specials::allowed);
    REQUIRE(one[0] == tokenizer->vocab_size() - 1);
    for (std::size_t at = 0; at < text.size(); at += 16) wanted.insert(wanted.end(), one.begin(), one.end());
    CHECK(tokenizer->encode(text, Specials::allowed) == wanted);
  }
}

TEST_CASE("special tokens that cannot be are refused, in every kind") {
  for (const std::string& kind : tokenizer_kinds()) {
    INFO(kind);
    TokenizerOptions options;
    options.kind = kind;
    options.min_count = 1;
    const auto refused = [&](std::vector<std::string> specials, const std::string& why) {
      options.specials = std::move(specials);
      CHECK_THROWS_WITH(train_tokenizer(options, read_from("some words")), Catch::Contains(why));
    };
    refused({"[a]", "[a]"}, "[a] is given twice");
    refused({"[a]", ""}, "it is empty");
    refused({"[\xff]"}, "is not UTF-8");
    options.specials = {"[a]"};
    TokenizerState state = train_tokenizer(options, read_from("some words"))->state();
    state.specials.push_back(static_cast<std::int32_t>(state.pieces.size()));
    CHECK_THROWS_WITH(make_tokenizer(state), Catch::Contains("is outside the vocabulary"));
  }
}

}  // namespace heddle
