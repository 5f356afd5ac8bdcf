#include "data/tokenizer/split/splitter.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "data/tokenizer/split/steps.h"

namespace heddle {
namespace {

using nlohmann::json;
using Pieces = std::vector<std::string>;

std::string pattern_for(const json& pre_tokenizer) {
  std::vector<std::string> obstacles;
  const std::string pattern = pattern_of_pre_tokenizer(pre_tokenizer.dump(), obstacles);
  for (const std::string& obstacle : obstacles) throw Error(obstacle);
  return pattern;
}
json byte_level(bool prefix, bool regex) {
  return {{"type", "ByteLevel"}, {"add_prefix_space", prefix}, {"use_regex", regex}};
}
json split_by(const std::string& regex, const char* behavior = "Isolated", bool invert = false) {
  return {{"type", "Split"}, {"pattern", {{"Regex", regex}}}, {"behavior", behavior}, {"invert", invert}};
}
json sequence(const json& steps) { return {{"type", "Sequence"}, {"pretokenizers", steps}}; }

Pieces pieces_of(const Splitter& splitter, const std::string& text) {
  Pieces pieces;
  splitter.split(text, [&](const TextPart& part) { pieces.emplace_back(part.text); });
  return pieces;
}

}  // namespace

TEST_CASE("steps that do what a pattern of ours does are that pattern, others stay a list") {
  CHECK(pattern_for(byte_level(false, true)) == "gpt2");
  CHECK(pattern_for(byte_level(false, false)) == "none");
  const std::string cl100k = pattern_regex(Pattern::cl100k);
  CHECK(pattern_for(sequence({split_by(cl100k), byte_level(false, false)})) == "cl100k");
  CHECK(pattern_for(sequence({split_by(cl100k, "Removed", true), byte_level(false, false)})) == "cl100k");
  CHECK(pattern_for(sequence({sequence(json::array({split_by(cl100k)})), byte_level(false, false)})) == "cl100k");
  for (const json& other :
       {byte_level(true, true), sequence({split_by(cl100k), byte_level(true, false)}),
        sequence({split_by(cl100k), byte_level(false, true)}), sequence({split_by("x"), byte_level(false, false)}),
        sequence({split_by(cl100k, "Removed", false), byte_level(false, false)}),
        sequence({split_by(cl100k, "Contiguous", false), byte_level(false, false)})}) {
    const std::string pattern = pattern_for(other);
    INFO(pattern);
    CHECK(pattern[0] == '[');
    CHECK(pattern_for(json::parse(pre_tokenizer_of_pattern(pattern))) == pattern);
  }
  for (const std::string& name : pattern_names())
    CHECK(pattern_for(json::parse(pre_tokenizer_of_pattern(name))) == name);
  TokenizerState state{"bpe", {}, pattern_for(sequence({split_by("x"), byte_level(false, true)}))};
  CHECK(pattern_summary(state) == "Split, ByteLevel (as its tokenizer.json says)");
  state.pattern = "gpt2";
  CHECK(pattern_summary(state) == "gpt2");
  state.nfc = true;
  CHECK(pattern_summary(state) == "NFC, gpt2");
}

TEST_CASE("a space comes before what has none, at each part that reaches its step") {
  CHECK(pieces_of(Splitter(pattern_for(byte_level(true, true))), "a b") == Pieces{" a", " b"});
  CHECK(pieces_of(Splitter(pattern_for(byte_level(true, true))), " a") == Pieces{" a"});
  const Splitter behind(pattern_for(sequence({split_by("x"), byte_level(true, false)})));
  CHECK(pieces_of(behind, "axb c") == Pieces{" a", " x", " b c"});
  std::vector<std::size_t> begins;
  behind.split("axb c", [&](const TextPart& part) { begins.push_back(part.begin); });
  CHECK(begins == std::vector<std::size_t>{0, 1, 2});
  CHECK_FALSE(behind.keeps_text());
  CHECK_FALSE(Splitter(pattern_for(sequence({split_by("x", "Removed"), byte_level(false, true)}))).keeps_text());
  CHECK(Splitter(pattern_for(sequence({split_by("x"), byte_level(false, true)}))).keeps_text());
}

TEST_CASE("steps behind ByteLevel see its characters for bytes") {
  const json digits = {{"type", "Digits"}, {"individual_digits", true}};
  // U+00B2 is written for the byte B2, the second of U+00F2; a space is a letter with a dot
  const Splitter splitter(pattern_for(sequence({byte_level(false, false), digits})));
  CHECK(pieces_of(splitter, "a\u00F2 1b") == Pieces{"a\xC3", "\xB2", " ", "1", "b"});
  std::vector<std::size_t> begins;
  splitter.split("a\u00F2 1b", [&](const TextPart& part) { begins.push_back(part.begin); });
  CHECK(begins == std::vector<std::size_t>{0, 2, 3, 4, 5});
}

TEST_CASE("texts are cut by steps where no piece lies over the cut") {
  const auto cut = [](const json& pre_tokenizer, std::string_view text) {
    return Splitter(pattern_for(pre_tokenizer)).find_cut({}, text, 0, text.size());
  };
  const json plain = byte_level(false, false), digits = {{"type", "Digits"}, {"individual_digits", true}};
  CHECK(cut(sequence({digits, byte_level(false, true)}), "ab cd") == 2);
  CHECK(cut(sequence({digits, byte_level(false, true)}), "中文。字") == 6);
  CHECK(cut(byte_level(true, true), "ab!cd ef") == 5);         // before a space alone: what begins there gets none
  CHECK(cut(sequence({split_by("x"), plain}), "ab cd") == 5);  // both in what no match has
  CHECK(cut(sequence({split_by("b"), plain}), "ab cd") == 2);
  CHECK(cut(sequence({split_by("b", "MergedWithNext"), plain}), "ab cd") == 5);
  CHECK(cut(sequence({split_by("[b ]", "Contiguous"), plain}), "ab cd") == 5);
  CHECK(cut(sequence({split_by("\\p{L}+(?i:'s)?"), plain}), "ab's cd") == 4);
  CHECK(cut(sequence({split_by("[a-z]+"), plain}), "ab cd") == 2);
  CHECK(cut(sequence({split_by("[a-z]+"), plain, split_by("[a-z]Ġ")}), "ab cd") == 5);
  SpecialTokens specials;
  specials.add("b c", 1);
  CHECK(Splitter(pattern_for(byte_level(true, true))).find_cut(specials, "ab cd ef", 0, 8) == 5);
}

TEST_CASE("lists of steps that cannot be are refused") {
  CHECK_THROWS_WITH(Splitter("[]"), Catch::Contains("empty"));
  CHECK_THROWS_WITH(Splitter("gpt5"), Catch::Contains("no such one"));
  CHECK_THROWS_WITH(Splitter("[3]"), Catch::Contains("without a type"));
  CHECK_THROWS_WITH(pattern_for(sequence({byte_level(false, true), byte_level(false, true)})),
                    Catch::Contains("2 ByteLevel steps, wanted 1"));
  CHECK_THROWS_WITH(pattern_for(split_by("x")), Catch::Contains("0 ByteLevel steps"));
  json many = json::array({byte_level(false, true)});
  for (int i = 0; i < 16; ++i) many.push_back(split_by("x"));
  CHECK_THROWS_WITH(pattern_for(sequence(many)), Catch::Contains("17 steps"));
  CHECK_THROWS_WITH(pattern_for(sequence(3)), Catch::Contains("Sequence has no list"));
  json empty = split_by("x");
  empty["pattern"] = {{"String", ""}};
  CHECK_THROWS_WITH(pattern_for(sequence({empty, byte_level(false, true)})), Catch::Contains("neither a Regex nor"));
}

}  // namespace heddle
