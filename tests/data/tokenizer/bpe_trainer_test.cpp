#include "data/tokenizer/bpe_trainer.h"

#include <catch2/catch.hpp>
#include <filesystem>
#include <map>

#include "data/text/text_source.h"
#include "framework/parallel.h"
#include "framework/rng.h"
#include "tests/real_data.h"
#include "tests/temporary_folder.h"

namespace heddle {
namespace {

BpeOptions options(std::int64_t vocab_size, Pattern pattern = Pattern::gpt2) {
  BpeOptions o;
  o.vocab_size = vocab_size;
  o.pattern = pattern;
  return o;
}

/// The definition, word for word: count all pairs in all pieces, merge the best everywhere, again and again.
TokenizerState train_slowly(std::string_view text, const BpeOptions& o) {
  std::map<std::string, std::int64_t> counts;
  SpecialTokens specials;
  for (const std::string& special : o.specials) specials.add(special, 0);
  split(
      o.pattern, specials, text, [&](std::string_view piece) { ++counts[std::string(piece)]; }, [](std::int32_t) {});
  TokenizerState state{"bpe", {}, pattern_name(o.pattern)};
  for (int byte = 0; byte < 256; ++byte) state.pieces.emplace_back(1, static_cast<char>(byte));
  std::vector<std::pair<std::vector<std::string>, std::int64_t>> words;
  for (const auto& [piece, count] : counts) {
    words.push_back({{}, count});
    for (const char c : piece) words.back().first.emplace_back(1, c);
  }
  while (state.pieces.size() + o.specials.size() < static_cast<std::size_t>(o.vocab_size)) {
    std::map<std::pair<std::string, std::string>, std::int64_t> pairs;
    for (const auto& [tokens, count] : words) {
      for (std::size_t i = 0; i + 1 < tokens.size(); ++i) pairs[{tokens[i], tokens[i + 1]}] += count;
    }
    std::pair<std::string, std::string> best;
    std::int64_t most = o.min_count - 1;
    for (const auto& [pair, count] : pairs) {  // in the order of their bytes, so of equals the first is kept
      const auto length = static_cast<std::int64_t>(pair.first.size() + pair.second.size());
      if (count <= most || (o.max_token_length > 0 && length > o.max_token_length)) continue;
      most = count;
      best = pair;
    }
    if (best.first.empty()) break;
    const auto id_of = [&](const std::string& piece) {
      return static_cast<std::int32_t>(std::find(state.pieces.begin(), state.pieces.end(), piece) -
                                       state.pieces.begin());
    };
    state.merges.push_back(id_of(best.first));
    state.merges.push_back(id_of(best.second));
    const std::string merged = best.first + best.second;
    if (id_of(merged) == static_cast<std::int32_t>(state.pieces.size())) state.pieces.push_back(merged);
    for (auto& [tokens, count] : words) {
      for (std::size_t i = 0; i + 1 < tokens.size(); ++i) {
        if (tokens[i] != best.first || tokens[i + 1] != best.second) continue;
        tokens[i] = merged;
        tokens.erase(tokens.begin() + static_cast<std::ptrdiff_t>(i) + 1);
      }
    }
  }
  for (const std::string& special : o.specials) {
    state.specials.push_back(static_cast<std::int32_t>(state.pieces.size()));
    state.pieces.push_back(special);
  }
  return state;
}

/// Few letters, so that many pairs are equally frequent and runs of one letter are long.
std::string random_text(std::uint64_t seed, std::size_t size) {
  std::string text;
  for (std::size_t i = 0; text.size() < size; ++i) {
    const std::uint64_t letter = Rng(seed).below(12, i);
    text += letter < 9 ? std::string(1, "aaabbc \n-"[letter]) : letter == 9 ? "é" : letter == 10 ? "aaaa" : "<s>";
  }
  return text;
}

std::string name_of(const TokenizerState& state, std::int32_t id) { return state.pieces[static_cast<std::size_t>(id)]; }

}  // namespace

TEST_CASE("the trainer finds what counting everything again after each merge finds") {
  const Pattern pattern = GENERATE(Pattern::gpt2, Pattern::cl100k, Pattern::whitespace, Pattern::none);
  for (std::uint64_t seed = 0; seed < 25; ++seed) {
    const std::string text = random_text(seed, 50 + 40 * seed);
    BpeOptions o = options(256 + 10 + static_cast<std::int64_t>(seed) * 4, pattern);
    o.min_count = 1 + static_cast<std::int64_t>(seed % 3);
    o.max_token_length = seed % 4 == 0 ? 5 : 0;
    if (seed % 2 == 0) o.specials = {"<s>", "<other>"};
    INFO(seed);
    REQUIRE(train_bpe(read_from(text), o) == train_slowly(text, o));
  }
}

TEST_CASE("the trainer finds the same where equally frequent tokens are long and begin alike") {
  const Pattern pattern = GENERATE(Pattern::whitespace, Pattern::none);
  BpeOptions o = options(316, pattern);
  o.min_count = 1;
  std::vector<std::string> texts = {
      "a_aaaa__aa___aaaa_a_aa_a__aaaa_aa___aaaa_aa_aa__a__aaaaa_aa_a___aa_a_aa_aa_aa_a_aa_aaa___a_a_a__aaa_a_a_____a_"
      "_"};
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    texts.emplace_back();
    for (std::size_t i = 0; i < 100 + seed; ++i) texts.back() += "a_"[Rng(seed).below(2, i)];
  }
  for (const std::string& text : texts) {
    INFO(text);
    REQUIRE(train_bpe(read_from(text), o) == train_slowly(text, o));
  }
}

TEST_CASE("of equally frequent pairs the first in the order of bytes is merged: hello world") {
  BpeOptions o = options(280, Pattern::none);
  o.min_count = 1;
  const TokenizerState state = train_bpe(read_from("hello world"), o);
  std::vector<std::string> made;
  for (std::size_t i = 0; i < state.merges.size(); i += 2)
    made.push_back(name_of(state, state.merges[i]) + "+" + name_of(state, state.merges[i + 1]));
  // every pair stands there once, so the space, which comes first, begins; then the left parts e, h, l, ...
  REQUIRE(made == std::vector<std::string>{" +w", " w+o", " wo+r", " wor+l", " worl+d", "e+l", "el+l", "ell+o",
                                           "ello+ world", "h+ello world"});
  REQUIRE(state.pieces.back() == "hello world");
  REQUIRE(state.pieces.size() == 266);  // fewer than asked for: no pair is left
  o.min_count = 0;                      // pairs that are not there are none
  REQUIRE(train_bpe(read_from("hello world"), o) == state);
  o.min_count = 2;
  REQUIRE(train_bpe(read_from("hello world"), o).merges.empty());
}

TEST_CASE("a vocabulary does not depend on threads, nor on how the text is cut into blocks") {
  const std::string text = TextSource({"builtin:kingdom"}, 300000, 5).read_all() + random_text(3, 200000);
  BpeOptions o = options(700);
  o.specials = {"queen named"};
  const TokenizerState one = train_bpe(read_from(text), o);
  REQUIRE(one.pieces.size() == 700);
  REQUIRE(one.pieces.back() == "queen named");
  const int before = threads();
  for (const int count : {1, 2, 16}) {
    set_threads(count);
    REQUIRE(train_bpe(read_from(text), o) == one);
  }
  set_threads(before);
  for (const std::size_t block : {1000, 65537}) {
    std::size_t at = 0;
    const auto read = [&](std::string& to, std::size_t) {
      to += std::string_view(text).substr(at, block);
      at += block;
      return at < text.size();
    };
    std::vector<std::uint64_t> bytes;
    REQUIRE(train_bpe(read, o, [&](const BpeProgress& progress) { bytes.push_back(progress.bytes); }) == one);
    CHECK(bytes.size() > 3);
    CHECK(std::is_sorted(bytes.begin(), bytes.end()));
    CHECK(bytes.back() == text.size());
  }
}

TEST_CASE("a special token is found wherever a block ends in it") {
  BpeOptions o = options(300);
  o.specials = {"ab cdefghijkl"};
  o.min_count = 1;
  const std::string before(70000, 'x'), text = before + o.specials[0] + " x y z";
  const TokenizerState whole = train_bpe(read_from(text), o);
  for (std::size_t k = 0; k <= o.specials[0].size(); ++k) {
    std::size_t at = 0;
    const auto read = [&](std::string& to, std::size_t) {
      to += std::string_view(text).substr(at, before.size() + k);
      at += before.size() + k;
      return at < text.size();
    };
    REQUIRE(train_bpe(read, o) == whole);
  }
}

TEST_CASE("80 novels give one vocabulary, as 80 files or as one, on 1, 2 and 16 threads") {
  const std::string path = real_data("novels");
  if (path.empty()) return;
  const auto train = [](TextSource source) {
    return train_bpe([&](std::string& to, std::size_t count) { return source.read(to, count); }, options(4096));
  };
  const TokenizerState files = train(TextSource({path}));
  REQUIRE(files.pieces.size() == 4096);
  const TemporaryFolder folder;
  const std::string joined = folder.write("joined.txt", TextSource({path}).read_all());
  REQUIRE(train(TextSource({joined})) == files);
  const int before = threads();
  for (const int count : {1, 16}) {
    set_threads(count);
    REQUIRE(train(TextSource({path})) == files);
  }
  set_threads(before);
}

TEST_CASE("what cannot be trained is refused") {
  const auto train = [](const BpeOptions& o, const std::string& text = "some text") {
    return train_bpe(read_from(text), o);
  };
  BpeOptions o = options(257);
  o.specials = {"<a>", "<b>"};
  CHECK_THROWS_WITH(train(o),
                    Catch::Contains("257 does not hold the 256 bytes and 2 special tokens; it needs at least 258"));
  CHECK_THROWS_WITH(train(options(255)), Catch::Contains("at least 256"));
  CHECK_THROWS_WITH(train(options((1 << 20) + 1)), Catch::Contains("more than the 1048576"));
  CHECK_NOTHROW(train(options(1 << 20)));
  CHECK_THROWS_WITH(train(options(300), ""), Catch::Contains("the text is empty"));
  o.vocab_size = 300;
  o.specials = {"<a>", "<a>"};
  CHECK_THROWS_WITH(train(o), Catch::Contains("<a> is given twice"));
  o.specials = {"x"};
  CHECK_THROWS_WITH(train(o), Catch::Contains("'x' is a single byte"));
  o.specials = {"x\xE4"};
  CHECK_THROWS_WITH(train(o), Catch::Contains("'x\\xE4' is not UTF-8"));
  o.specials = {};
  const auto stop = [](const BpeProgress& progress) { ensure(progress.pieces == 0, "stopped"); };
  CHECK_THROWS_WITH(train_bpe(read_from(random_text(1, 5000)), options(2000, Pattern::none), stop),
                    Catch::Contains("stopped"));
}

}  // namespace heddle
