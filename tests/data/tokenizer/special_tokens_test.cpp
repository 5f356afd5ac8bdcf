#include "data/tokenizer/special_tokens.h"

#include <catch2/catch.hpp>

#include "data/tokenizer/tokenizer.h"

namespace heddle {
namespace {

/// What is cut out as [ID], and the text between.
std::string cut(const SpecialTokens& specials, std::string_view text) {
  std::string found;
  specials.cut_out(
      text,
      [&](std::string_view part, std::size_t begin) {
        CHECK(text.substr(begin, part.size()) == part);
        found += part;
      },
      [&](std::int32_t id, std::size_t) { found += '[' + std::to_string(id) + ']'; });
  return found;
}

/// A tokenizer of bytes with tokens behind them.
TokenizerState bytes(const std::vector<std::string>& added) {
  TokenizerState state{"bpe", {}, "gpt2"};
  for (int byte = 0; byte < 256; ++byte) state.pieces.emplace_back(1, static_cast<char>(byte));
  for (const std::string& token : added) {
    state.added.push_back(static_cast<std::int32_t>(state.pieces.size()));
    state.pieces.push_back(token);
  }
  return state;
}

}  // namespace

TEST_CASE("special tokens take the white space that they ask for, and none twice") {
  SpecialTokens specials;
  specials.add("<l>", 1, {.lstrip = true});
  specials.add("<r>", 2, {.rstrip = true});
  specials.add("<b>", 3, {.lstrip = true, .rstrip = true});
  specials.add("<n>", 4);
  CHECK(cut(specials, "a \n\u3000<l> b") == "a[1] b");
  CHECK(cut(specials, "a <r> \t\u00A0b") == "a [2]b");
  CHECK(cut(specials, "a <b> b") == "a[3]b");
  CHECK(cut(specials, "a <n> b") == "a [4] b");
  CHECK(cut(specials, "<r>  <l>x") == "[2][1]x");
  CHECK(cut(specials, " <l> <l> ") == "[1][1] ");
  CHECK(cut(specials, "<l>") == "[1]");
  std::vector<std::size_t> begins;
  specials.cut_out(
      "<r>  <l>", [](auto, auto) {}, [&](std::int32_t, std::size_t begin) { begins.push_back(begin); });
  CHECK(begins == std::vector<std::size_t>{0, 5});
}

TEST_CASE("a token that must be a word of its own is none beside a word's character") {
  SpecialTokens specials;
  specials.add("cat", 1, {.single_word = true});
  CHECK(cut(specials, "cat, (cat) -cat-cat\u2019s ½cat½") == "[1], ([1]) -[1]-[1]\u2019s ½[1]½");
  for (const char* text : {"cats", "tomcat", "_cat", "cat7", "cat\u0301", "\u24B6cat", "cat\u200D"})
    CHECK(cut(specials, text) == text);
  specials.add("catcat", 2);
  CHECK(cut(specials, "catcat catx") == "[2] catx");
}

TEST_CASE("text is not cut where a token touches that asks for what is around it") {
  SpecialTokens plain, around;
  plain.add("<a>", 1);
  around.add("<a>", 1, {.rstrip = true});
  CHECK_FALSE(plain.crosses("x<a> y", 1));
  CHECK_FALSE(plain.crosses("x<a> y", 4));
  CHECK(around.crosses("x<a> y", 1));
  CHECK(around.crosses("x<a> y", 4));
  CHECK_FALSE(around.crosses("x<a> y", 5));
  CHECK(around.crosses("x<a>", 4));
}

TEST_CASE("normalized tokens are found after all others, in the text's form C") {
  TokenizerState state = bytes({"x<", "<end>", "caf\u00E9"});
  CHECK(make_tokenizer(state)->encode("x<end>") == Tokenizer::Ids{256, 'e', 'n', 'd', '>'});
  state.normalized = {256, 258};
  CHECK(make_tokenizer(state)->encode("x<end>") == Tokenizer::Ids{'x', 257});
  CHECK(make_tokenizer(state)->encode("cafe\u0301") != Tokenizer::Ids{258});
  state.nfc = true;
  const auto composing = make_tokenizer(state);
  CHECK(composing->encode("cafe\u0301 x<") == Tokenizer::Ids{258, ' ', 256});
  CHECK(composing->encode("e\u0301") == Tokenizer::Ids{0xC3, 0xA9});
  CHECK(composing->find_cut("a b", 1, 3, Specials::plain) == 3);  // such a token may lie over any cut
  TokenizerState decomposed = state;
  decomposed.pieces[258] = "cafe\u0301";
  CHECK(make_tokenizer(decomposed)->encode("caf\u00E9") == Tokenizer::Ids{258});
  state.normalized = {256};
  CHECK(make_tokenizer(state)->find_cut("a b", 1, 3, Specials::plain) == 1);
  CHECK(make_tokenizer(state)->find_cut("a\u0301! b", 1, 6, Specials::plain) == 6);  // the mark joins, and is no letter
  state.normalized = {300};
  CHECK_THROWS_WITH(make_tokenizer(state), Catch::Contains("special token 300 is outside"));
}

TEST_CASE("the tokens of a text that is changed on its way still know where they come from") {
  TokenizerState state = bytes({"<r>"});
  CHECK(make_tokenizer(state)->lossless());
  state.nfc = true;
  state.rstrip = {256};
  const std::string text = "e\u0301x <r>  y";
  auto tokenizer = make_tokenizer(state);
  CHECK_FALSE(tokenizer->lossless());
  const Tokenizer::Ids ids = tokenizer->encode(text);
  CHECK(ids == Tokenizer::Ids{0xC3, 0xA9, 'x', ' ', 256, 'y'});
  CHECK(tokenizer->starts(text, ids) == std::vector<std::uint64_t>{0, 0, 3, 4, 5, 10});
  CHECK_THROWS_WITH(tokenizer->starts("other", ids), Catch::Contains("not those of the text"));
  state.nfc = false;
  state.rstrip = {};
  state.lstrip = {256};
  CHECK_FALSE(make_tokenizer(state)->lossless());
  state.lstrip = {};
  state.pattern = R"([{"type":"ByteLevel","add_prefix_space":true,"use_regex":true}])";
  tokenizer = make_tokenizer(state);
  CHECK_FALSE(tokenizer->lossless());
  const Tokenizer::Ids prefixed = tokenizer->encode("ab<r>c d");
  CHECK(prefixed == Tokenizer::Ids{' ', 'a', 'b', 256, ' ', 'c', ' ', 'd'});
  CHECK(tokenizer->starts("ab<r>c d", prefixed) == std::vector<std::uint64_t>{0, 0, 1, 2, 5, 5, 6, 7});
}

TEST_CASE("an added token may be a piece of the vocabulary, under an id of its own") {
  TokenizerState state = bytes({"ab"});
  state.pieces.emplace_back("ab");  // 257, which merging makes
  state.merges = {'a', 'b'};
  const auto tokenizer = make_tokenizer(state);
  CHECK(tokenizer->encode("ab") == Tokenizer::Ids{256});
  state.specials = {256};
  state.added = {};
  CHECK(make_tokenizer(state)->encode("ab") == Tokenizer::Ids{257});
  CHECK(make_tokenizer(state)->encode("ab", Specials::allowed) == Tokenizer::Ids{256});
}

}  // namespace heddle
