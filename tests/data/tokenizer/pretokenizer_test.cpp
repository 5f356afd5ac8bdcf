#include "data/tokenizer/pretokenizer.h"

#include <catch2/catch.hpp>
#include <cctype>
#include <fstream>
#include <sstream>

#include "framework/rng.h"

namespace heddle {
namespace {

std::vector<std::string> pieces_of(Pattern pattern, std::string_view text) {
  std::vector<std::string> pieces;
  split(
      pattern, SpecialTokens(), text, [&](std::string_view piece) { pieces.emplace_back(piece); }, [](std::int32_t) {});
  return pieces;
}

/// A text of what patterns treat differently, bytes that are not UTF-8 among it.
std::string random_text(std::uint64_t seed, std::size_t count) {
  const std::vector<std::string> parts = {" ",    " ",  "\n", "\r\n",   "a",          "Ab",     "'s",
                                          "'LL",  "7",  "é",  "\xC3",   "-",          "!?",     "\x80",
                                          "\xE4", "中", "。", "\u3000", "\U0001F600", "<|end|>"};
  std::string text;
  for (std::size_t i = 0; i < count; ++i) text += parts[Rng(seed).below(parts.size(), i)];
  return text;
}

}  // namespace

TEST_CASE("texts are cut as a regular-expression engine cuts them by the same pattern") {
  std::ifstream golden(HEDDLE_SOURCE_DIR "/tests/golden/pretokenizer.txt");
  int lines = 0;
  for (std::string line; std::getline(golden, line); ++lines) {
    std::istringstream words(line);
    std::string name, hex, text;
    words >> name >> hex;
    for (std::size_t i = 0; i < hex.size(); i += 2) text += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
    INFO(line);
    for (const std::string& piece : pieces_of(pattern_of(name), text)) {
      std::size_t wanted = 0;
      REQUIRE(words >> wanted);
      REQUIRE(piece.size() == wanted);
    }
    REQUIRE_FALSE(words >> name);
  }
  REQUIRE(lines == 750);
}

TEST_CASE("a byte that is not UTF-8 is a character of its own, neither letter nor number nor space") {
  using Pieces = std::vector<std::string>;
  CHECK(pieces_of(Pattern::gpt2, "ab\xFF\xC3(c") == Pieces{"ab", "\xFF\xC3(", "c"});
  CHECK(pieces_of(Pattern::gpt2, " \xE4\xB8 1") == Pieces{" \xE4\xB8", " 1"});
  CHECK(pieces_of(Pattern::cl100k,
                  "\xFF"
                  "ab\xFF\n\n") == Pieces{"\xFF"
                                          "ab",
                                          "\xFF\n\n"});
  CHECK(pieces_of(Pattern::none, "any \xFF thing") == Pieces{"any \xFF thing"});
}

TEST_CASE("contractions are cut off: in cl100k in any case, of which the long s is one of s") {
  using Pieces = std::vector<std::string>;
  CHECK(pieces_of(Pattern::cl100k, "'\u017Fa") == Pieces{"'\u017F", "a"});
  CHECK(pieces_of(Pattern::gpt2, "'\u017Fa") == Pieces{"'", "\u017Fa"});
  for (const std::string end : {"'s", "'t", "'m", "'d", "'re", "'ve", "'ll"}) {
    std::string capitals = end;
    for (char& c : capitals) c = static_cast<char>(std::toupper(c));
    CHECK(pieces_of(Pattern::gpt2, "we" + end + "a") == Pieces{"we", end, "a"});
    CHECK(pieces_of(Pattern::gpt2, "we" + capitals + "a") == Pieces{"we", "'", capitals.substr(1) + "a"});
    CHECK(pieces_of(Pattern::cl100k, "we" + end + "a") == Pieces{"we", end, "a"});
    CHECK(pieces_of(Pattern::cl100k, "we" + capitals + "a") == Pieces{"we", capitals, "a"});
  }
}

TEST_CASE("digits: all together in gpt2, at most three in cl100k") {
  using Pieces = std::vector<std::string>;
  CHECK(pieces_of(Pattern::gpt2, "a1234567") == Pieces{"a", "1234567"});
  CHECK(pieces_of(Pattern::cl100k, "a1234567") == Pieces{"a", "123", "456", "7"});
}

TEST_CASE("a cut is found at the first place where a word ends, be it one letter, of one byte or four") {
  const auto cut = [](Pattern pattern, std::string_view text) { return find_cut(pattern, {}, text, 0, text.size()); };
  for (const Pattern pattern : {Pattern::gpt2, Pattern::cl100k, Pattern::whitespace}) {
    CHECK(cut(pattern, "a b") == 1);
    CHECK(cut(pattern, "\U0001D400 b") == 4);
  }
  CHECK(cut(Pattern::none, "a b") == 3);
}

TEST_CASE("pieces joined are the text, and it may be cut wherever a cut is found") {
  const std::string name = GENERATE("gpt2", "cl100k", "whitespace", "none");
  const Pattern pattern = pattern_of(name);
  SpecialTokens specials;
  specials.add("<|end|>", 7);
  specials.add("a<|end", 8);
  const auto all = [&](std::string_view text) {
    std::vector<std::string> found;
    split(
        pattern, specials, text, [&](std::string_view piece) { found.emplace_back(piece); },
        [&](std::int32_t id) { found.push_back(id == 7 ? "<|end|>" : "a<|end"); });
    return found;
  };
  std::size_t cuts = 0;
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    const std::string text = random_text(seed, 1 + seed % 60);
    const std::vector<std::string> whole = all(text);
    std::string joined;
    for (const std::string& piece : whole) joined += piece;
    REQUIRE(joined == text);
    for (std::size_t from = 0; from < text.size(); ++from) {
      const std::size_t cut = find_cut(pattern, specials, text, from, text.size());
      REQUIRE(cut >= from);
      if (cut == text.size()) break;
      from = cut;
      ++cuts;
      std::vector<std::string> parts = all(std::string_view(text).substr(0, cut));
      for (const std::string& piece : all(std::string_view(text).substr(cut))) parts.push_back(piece);
      REQUIRE(parts == whole);
    }
  }
  CHECK((cuts > 500) == (pattern != Pattern::none));
}

TEST_CASE("of special tokens the first is found, of those that begin together the longest") {
  SpecialTokens specials;
  specials.add("<a>", 1);
  specials.add("<a><b>", 2);
  specials.add("b", 3);
  const auto next = [&](std::string_view text) {
    const SpecialTokens::Match match = specials.next(text);
    return std::tuple(match.at, match.length, match.id);
  };
  CHECK(next("x<a><a><b>") == std::tuple(std::size_t{1}, std::size_t{3}, 1));
  CHECK(next("x<a><b>") == std::tuple(std::size_t{1}, std::size_t{6}, 2));
  CHECK(next("<ab>") == std::tuple(std::size_t{2}, std::size_t{1}, 3));
  CHECK(next("<a") == std::tuple(std::string_view::npos, std::size_t{0}, -1));
  CHECK(specials.crosses("x<a>", 2));
  CHECK_FALSE(specials.crosses("x<a>", 1));
  CHECK_FALSE(specials.crosses("x<a>", 4));
  CHECK_THROWS_WITH(specials.add("b", 4), Catch::Contains("b is given twice"));
  CHECK_THROWS_WITH(specials.add("", 4), Catch::Contains("it is empty"));
  CHECK_THROWS_WITH(pattern_of("gpt4"), Catch::Contains("choose one of: gpt2, cl100k, whitespace, none"));
}

}  // namespace heddle
