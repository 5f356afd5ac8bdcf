#include "data/tokenizer/split/expression.h"

#include <catch2/catch.hpp>
#include <chrono>
#include <nlohmann/json.hpp>

#include "data/io/utf8.h"
#include "data/tokenizer/pretokenizer.h"
#include "data/tokenizer/split/steps.h"
#include "framework/check.h"
#include "framework/rng.h"
#include "tests/real_data.h"
#include "tests/temporary_folder.h"

namespace heddle {
namespace {

using Pieces = std::vector<std::string>;

/// What lies between matches, and matches, in their order.
Pieces cut_by(const Expression& expression, std::string_view text) {
  Pieces pieces;
  std::size_t end = 0;
  expression.for_matches(text, [&](std::size_t from, std::size_t to) {
    if (end < from) pieces.emplace_back(text.substr(end, from - end));
    if (from < to) pieces.emplace_back(text.substr(from, to - from));
    end = to;
  });
  if (end < text.size()) pieces.emplace_back(text.substr(end));
  return pieces;
}

Pieces cut_by(Pattern pattern, std::string_view text) {
  Pieces pieces;
  split(
      pattern, SpecialTokens(), text, [&](std::string_view piece) { pieces.emplace_back(piece); }, [](std::int32_t) {});
  return pieces;
}

/// A text of what patterns treat differently, bytes that are not UTF-8 among it.
std::string random_text(std::uint64_t seed, std::size_t count) {
  const Pieces parts = {" ",      " ",      "\n",     "\r\n",   "\t",         "a",      "Ab",   "'s",
                        "'LL",    "'",      "7",      "²",      "é",          "\xC3",   "-",    "!?",
                        "/",      "中",     "。",     "\u3000", "e\u0301",    "\u0301", "\x80", "\xE4\xB8",
                        "\u0085", "\u00A0", "\u180E", "\uFFFF", "\U0001F600", "\u017F", "_",    "\uE000"};
  std::string text;
  for (std::size_t i = 0; i < count; ++i) text += parts[Rng(seed).below(parts.size(), i)];
  return text;
}

}  // namespace

TEST_CASE("steps cut texts as Hugging Face's do with Oniguruma") {
  const auto file = nlohmann::json::parse(read_bytes(HEDDLE_SOURCE_DIR "/tests/golden/expressions.json"));
  const auto all = file["all"].get<std::string>();
  REQUIRE(file["entries"].size() > 100);
  for (const auto& entry : file["entries"]) {
    INFO(entry["step"]);
    const std::vector<SplitStep> steps = read_steps(nlohmann::json::array({entry["step"]}).dump());
    const bool every = entry["text"] == "ALL";
    const std::string text = every ? all : entry["text"].get<std::string>();
    Pieces pieces, wanted;
    steps[0].cut({text}, [&](const TextPart& part) {
      CHECK(text.compare(part.begin, part.text.size(), part.text) == 0);
      pieces.emplace_back(part.text);
    });
    if (!every) wanted = entry["pieces"].get<Pieces>();
    std::size_t at = 0;
    for (std::size_t i = 0; every && i < entry["pieces"].size(); ++i) {
      const std::size_t begin = at;
      for (auto n = entry["pieces"][i].get<std::size_t>(); n > 0; --n) at += decode_utf8(text.substr(at, 4)).length;
      wanted.push_back(text.substr(begin, at - begin));
    }
    CHECK((pieces == wanted));
  }
}

TEST_CASE("our patterns' scanners cut as the same regular expressions do, whatever the bytes") {
  for (const std::string& name : pattern_names()) {
    const Pattern pattern = pattern_of(name);
    if (pattern == Pattern::none) continue;
    const Expression expression(pattern_regex(pattern));
    for (std::uint64_t seed = 0; seed < 2000; ++seed) {
      const std::string text = random_text(seed, 1 + seed % 70);
      INFO(name << ": " << visible(text));
      REQUIRE(cut_by(expression, text) == cut_by(pattern, text));
    }
    const std::string novel = real_data("novels/Anon_Clara_1864.txt");
    if (novel.empty()) continue;
    const std::string text = read_bytes(novel).substr(0, 300000);
    REQUIRE((cut_by(expression, text) == cut_by(pattern, text)));
  }
}

TEST_CASE("expressions that Oniguruma and PCRE2 read differently, or that are none, are refused by what they hold") {
  const std::pair<const char*, const char*> refused[] = {
      {"[a-z&&[^b]]", "&& in a class"},
      {"\\h+", "\\h"},
      {"[\\h]", "\\h"},
      {"\\R", "\\R"},
      {"\\X", "\\X"},
      {"\\bx", "\\b"},
      {"\\Aa", "\\A"},
      {"a\\z", "\\z"},
      {"a\\Z", "\\Z"},
      {"\\Ga", "\\G"},
      {"\\K", "\\K"},
      {"(a)\\1", "\\1"},
      {"\\0", "\\0"},
      {"^a", "^ there"},
      {"[[:alpha:]]", "[: of a class"},
      {"[a[bc]]", "a class within a class"},
      {"[]a]", "a class that begins with ]"},
      {"[\\W]", "\\W in a class"},
      {"[\\d-a]", "a range that begins with \\d"},
      {"[a-\\d]", "the range a-\\d"},
      {"[z-a]", "the range z-a"},
      {"[a", "a class that is not closed"},
      {"(?<=a)b", "the group (?<="},
      {"(?<!a)b", "the group (?<!"},
      {"(?<n>a)", "the group (?<"},
      {"(?m:.)", "the group (?m"},
      {"a(?i)b", "the group (?i"},
      {"(?#x)a", "the group (?#"},
      {"(a", "a group that is not closed"},
      {"a)", "a ) that closes no group"},
      {"a**", "two repetitions"},
      {"a{2}{3}", "two repetitions"},
      {"a???", "two repetitions"},
      {"a{2}?", "a lazy number of times"},
      {"a{", "a { that begins no number of times"},
      {"a{x}", "a { that begins no number of times"},
      {"{1}", "{ there"},
      {"a{3,2}", "a number of times from more to less"},
      {"a{1001}", "a repetition of more than 1000"},
      {"*a", "* there"},
      {"$+", "a repeated"},
      {"(?=a)*", "a repeated"},
      {"\\p{Alphabetic}", "\\p{Alphabetic}"},
      {"\\p{^L}", "\\p{^L}"},
      {"\\pL", "\\p without a name in braces"},
      {"\\xC3", "\\x of a byte"},
      {"\\x4", "a character's number"},
      {"\\x{110000}", "a number that is no character's"},
      {"(?i:ss)", "ss without case"},
      {"(?i:é)", "a character beyond ASCII without case"},
      {"(?i:[é])", "a character beyond ASCII without case"},
      {"(?i:[^a])", "a class [^..] without case"},
      {"(?i:\\p{Lu})", "\\p{Lu} without case"},
      {"a\\", "a \\ at the end"},
      {"\xFF", "it is not UTF-8"},
  };
  for (const auto& [expression, why] : refused) {
    INFO(expression);
    CHECK_THROWS_WITH(read_expression(expression), Catch::Contains(std::string(" holds ") + why));
  }
  CHECK_THROWS_WITH(read_expression(std::string(300, '(')), Catch::Contains("more than 100 groups"));
  CHECK_THROWS_WITH(read_expression(std::string(30000, 'a')), Catch::Contains("longer than 20,000"));
  CHECK(quoted_expression("a.b[ü]\n") == "a\\.b\\[ü\\]\n");
}

TEST_CASE("an expression that would try without end gives up with an error, one that needs a deep stack gets it") {
  const Expression endless("(?:a|aa)+[bd]");
  const std::string text = std::string(60, 'a') + 'c';
  const auto begin = std::chrono::steady_clock::now();
  CHECK_THROWS_WITH(endless.for_matches(text, [](std::size_t, std::size_t) {}), Catch::Contains("gave up on the text"));
  CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(10));
  const Expression deep("(?:(?:ab|c)*d|e)");
  std::string nested;
  for (int i = 0; i < 20000; ++i) nested += "abc";
  CHECK(cut_by(deep, nested + 'd') == Pieces{nested + 'd'});
}

TEST_CASE("between two characters a text may be parted where no match has both, nor cares for what follows") {
  const Expression gpt2(pattern_regex(Pattern::gpt2));
  CHECK(gpt2.may_part('a', ' ', false));
  CHECK(gpt2.may_part(U'中', U'。', false));
  CHECK_FALSE(gpt2.may_part('a', 'b', false));
  CHECK_FALSE(gpt2.may_part(' ', 'a', false));
  CHECK_FALSE(gpt2.may_part(' ', ' ', false));
  CHECK(gpt2.may_part('a', '!', false));
  CHECK_FALSE(gpt2.may_part('\'', 's', false));
  CHECK(gpt2.always_takes('a'));
  const Expression ends("[a-c]+$|d(?=e)|f");
  CHECK_FALSE(ends.may_part('a', ' ', false));  // a match that ends there would begin to match
  CHECK_FALSE(ends.may_part('d', 'e', false));
  CHECK(ends.may_part('d', 'f', false));
  CHECK(ends.may_part('f', 'f', false));
  CHECK_FALSE(ends.may_part('f', 'f', true));
  CHECK(ends.always_takes('f'));
  CHECK_FALSE(ends.always_takes('d'));
  CHECK_FALSE(ends.always_takes('x'));
  const Expression repeated("(?:ab?){1,3}c*(?i:x)");
  CHECK_FALSE(repeated.may_part('b', 'a', false));
  CHECK_FALSE(repeated.may_part('a', 'X', false));
  CHECK(repeated.may_part('c', 'b', false));
  std::string many;
  for (int i = 0; i < 200; ++i) many += "a|";
  CHECK_FALSE(Expression(many + "b").may_part('a', ' ', false));  // too many to know
}

}  // namespace heddle
