#include "data/tokenizer/bpe.h"

#include <catch2/catch.hpp>
#include <fstream>
#include <nlohmann/json.hpp>

#include "data/text/text_source.h"
#include "data/tokenizer/bpe_trainer.h"
#include "data/tokenizer/file.h"
#include "data/tokenizer/pretokenizer.h"
#include "framework/parallel.h"
#include "framework/rng.h"
#include "tests/real_data.h"

namespace heddle {
namespace {

TokenizerState trained(const std::string& text, std::int64_t vocab_size, Pattern pattern = Pattern::gpt2) {
  BpeOptions options;
  options.vocab_size = vocab_size;
  options.pattern = pattern;
  options.specials = {"<|end|>"};
  return train_bpe(read_from(text), options);
}

const TokenizerState& kingdom() {
  static const TokenizerState state = trained(TextSource({"builtin:kingdom"}, 200000, 1).read_all(), 1000);
  return state;
}

std::string random_bytes(std::size_t count) {
  std::string bytes;
  for (std::size_t i = 0; i < count; ++i) bytes += static_cast<char>(Rng(9).bits(i));
  return bytes;
}

std::string repeated(const std::string& part, std::size_t times) {
  std::string text;
  for (std::size_t i = 0; i < times; ++i) text += part;
  return text;
}

}  // namespace

TEST_CASE("a piece of any length is merged as the definition says") {
  const Pattern pattern = Pattern::none;
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    std::string text;
    for (std::size_t i = 0; i < 400; ++i) text += "aaabc<-"[Rng(seed).below(7, i)];
    const TokenizerState state = trained(text, 256 + 1 + 60, pattern);
    const auto tokenizer = make_tokenizer(state);
    for (const std::size_t length : {1, 2, 63, 64, 65, 66, 200, 400}) {
      const std::string piece = text.substr(400 - length) + (seed % 2 == 0 ? "" : std::string(seed, 'a'));
      INFO(seed << ' ' << piece);
      REQUIRE(tokenizer->encode(piece) == bpe_steps(state, piece).back());
    }
  }
}

TEST_CASE("merges may stand in any order, that of a token's parts behind its own") {
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    std::string text;
    for (std::size_t i = 0; i < 3000; ++i) text += "aaabcdef"[Rng(seed).below(8, i)];
    TokenizerState state = trained(text, 256 + 1 + 150, Pattern::none);
    REQUIRE(state.merges.size() == 300);
    const std::vector<std::int32_t> merges = state.merges;
    for (std::size_t rank = 0; rank < 150; ++rank) {
      const std::size_t from = seed % 2 == 0 ? 149 - rank : (rank * 7 + seed) % 150;
      std::copy_n(merges.begin() + static_cast<std::ptrdiff_t>(2 * from), 2,
                  state.merges.begin() + static_cast<std::ptrdiff_t>(2 * rank));
    }
    const auto tokenizer = make_tokenizer(state);
    for (const std::size_t length : {65, 500, 40, 3000, 65}) {  // one after another: each begins anew
      const std::string piece = text.substr(3000 - length);
      INFO(seed << ' ' << piece);
      REQUIRE(tokenizer->encode(piece) == bpe_steps(state, piece).back());
    }
  }
}

TEST_CASE("steps of merging: hello becomes one token as it was learned") {
  BpeOptions options;
  options.vocab_size = 270;
  options.min_count = 1;
  const TokenizerState state = train_bpe(read_from("hello"), options);
  std::vector<std::string> lines;
  for (const auto& ids : bpe_steps(state, "hello")) {
    lines.emplace_back();
    for (const std::int32_t id : ids)
      lines.back() += (lines.back().empty() ? "" : " ") + state.pieces[static_cast<std::size_t>(id)];
  }
  REQUIRE(lines == std::vector<std::string>{"h e l l o", "h el l o", "h ell o", "h ello", "hello"});
}

TEST_CASE("any bytes come back as they were") {
  const std::string name = GENERATE("gpt2", "cl100k", "whitespace", "none");
  TokenizerState state = kingdom();
  state.pattern = name;
  const auto tokenizer = make_tokenizer(state);
  for (int byte = 0; byte < 256; ++byte) {
    const std::string text(1, static_cast<char>(byte));
    REQUIRE(tokenizer->encode(text).size() == 1);
    REQUIRE(tokenizer->decode(tokenizer->encode(text)) == text);
  }
  for (const std::string& text :
       {std::string(), random_bytes(100000), std::string(70000, 'a'), std::string(70000, ' '), std::string(1000, '\0'),
        repeated("中文", 20000), repeated("\xC3", 1000), repeated(" \xE4\xB8", 500), repeated("the king\r\n\n ", 9000),
        repeated("'s'LL'", 3000), std::string("<|end|>"), repeated("<|end|", 3000)}) {
    for (const Specials specials : {Specials::plain, Specials::allowed}) {
      const auto ids = tokenizer->encode(text, specials);
      REQUIRE(tokenizer->decode(ids) == text);
      const auto starts = tokenizer->starts(text, ids);
      REQUIRE(starts.size() == ids.size());
      for (std::size_t i = 0; i < ids.size(); ++i)
        REQUIRE(text.compare(starts[i], tokenizer->piece(ids[i]).size(), tokenizer->piece(ids[i])) == 0);
    }
  }
}

TEST_CASE("ten million random bytes come back as they were") {
  const std::string bytes = random_bytes(10000000);
  const auto tokenizer = make_tokenizer(kingdom());
  REQUIRE((tokenizer->decode(tokenizer->encode(bytes)) == bytes));
}

TEST_CASE("long texts give the same tokens in parts, on any number of threads") {
  std::string text = TextSource({"builtin:kingdom"}, 500000, 2).read_all();
  for (std::size_t i = 1; i < 8; ++i) text.insert(i * 65536 - 3, "<|end|>");  // where a part might end
  const auto tokenizer = make_tokenizer(kingdom());
  for (const Specials specials : {Specials::plain, Specials::allowed}) {
    std::vector<std::int32_t> wanted;
    SpecialTokens cut_out;
    if (specials == Specials::allowed) cut_out.add("<|end|>", 999);
    split(
        Pattern::gpt2, cut_out, text,
        [&](std::string_view piece) {
          for (const std::int32_t id : tokenizer->encode(piece)) wanted.push_back(id);
        },
        [&](std::int32_t id) { wanted.push_back(id); });
    const int before = threads();
    for (const int count : {1, 2, 16}) {
      set_threads(count);
      REQUIRE((tokenizer->encode(text, specials) == wanted));
    }
    set_threads(before);
    REQUIRE(std::count(wanted.begin(), wanted.end(), 999) == (specials == Specials::allowed ? 7 : 0));
  }
}

TEST_CASE("special tokens are found wherever a block ends in them") {
  TokenizerState state = kingdom();
  state.pieces[999] = "ab cdefghijkl";
  const auto tokenizer = make_tokenizer(state);
  const std::string before(70000, 'x'), text = before + state.pieces[999] + " x y z";
  const auto whole = tokenizer->encode(text, Specials::allowed);
  for (std::size_t k = 0; k <= state.pieces[999].size(); ++k) {
    std::size_t at = 0;
    const auto read = [&](std::string& to, std::size_t) {
      to += std::string_view(text).substr(at, before.size() + k);
      at += before.size() + k;
      return at < text.size();
    };
    const auto find_cut = [&](std::string_view part, std::size_t from, std::size_t to) {
      return tokenizer->find_cut(part, from, to, Specials::allowed);
    };
    Tokenizer::Ids ids;
    for_blocks(read, tokenizer->lookahead(), find_cut, [&](std::string_view part, const auto&, std::uint64_t) {
      for (const std::int32_t id : tokenizer->encode(part, Specials::allowed)) ids.push_back(id);
    });
    REQUIRE((ids == whole));
  }
  REQUIRE(std::count(whole.begin(), whole.end(), 999) == 1);
}

TEST_CASE("special tokens are found only where they are allowed, added ones everywhere") {
  TokenizerState state = kingdom();
  state.pieces.emplace_back("Queen of Hearts");
  state.added = {1000};
  const auto tokenizer = make_tokenizer(state);
  const std::string text = "a<|end|>Queen of Hearts";
  REQUIRE(tokenizer->encode(text, Specials::allowed) == Tokenizer::Ids{'a', 999, 1000});
  const auto plain = tokenizer->encode(text);
  REQUIRE(std::count(plain.begin(), plain.end(), 999) == 0);
  REQUIRE(plain.back() == 1000);
  REQUIRE(tokenizer->decode(plain) == text);
}

TEST_CASE("pieces that are tokens are not merged where the vocabulary says so, but special tokens are none of them") {
  TokenizerState state;
  state.kind = "bpe";
  state.pattern = "gpt2";
  for (int byte = 0; byte < 256; ++byte) state.pieces.emplace_back(1, static_cast<char>(byte));
  for (const char* piece : {"EN", "ND", "AND", "END", "LAND", "or"}) state.pieces.emplace_back(piece);
  state.merges = {'E', 'N', 'N', 'D'};
  state.specials = {259};
  const auto merged = make_tokenizer(state);
  CHECK(merged->encode("AND") == Tokenizer::Ids{'A', 257});  // no merge makes it
  CHECK(merged->encode("END") == Tokenizer::Ids{256, 'D'});
  state.whole_pieces = true;
  const auto whole = make_tokenizer(state);
  CHECK(whole->encode("AND") == Tokenizer::Ids{258});
  CHECK(whole->encode("LAND") == Tokenizer::Ids{260});
  CHECK(whole->encode("BAND") == Tokenizer::Ids{'B', 'A', 257});
  CHECK(whole->encode("END") == Tokenizer::Ids{256, 'D'});
  CHECK(whole->encode("END", Specials::allowed) == Tokenizer::Ids{259});
}

TEST_CASE("GPT-2's vocabulary gives the tokens that GPT-2 does") {
  const std::string folder = real_data("gpt2-bpe");
  if (folder.empty()) return;
  const auto tokenizer = make_tokenizer(read_tokenizer(folder));
  REQUIRE(tokenizer->vocab_size() == 50257);
  REQUIRE(tokenizer->state().specials == std::vector<std::int32_t>{50256});
  const auto cases = nlohmann::json::parse(std::ifstream(folder + "/encode-cases.json"));
  REQUIRE(cases.size() == 20);
  for (const auto& one : cases) {
    const auto text = one.at("text").get<std::string>();
    INFO(text);
    CHECK(tokenizer->encode(text) == one.at("ids").get<std::vector<std::int32_t>>());
  }
  std::vector<std::string> pieces;
  for (const std::int32_t id : tokenizer->encode("I love pizza")) pieces.push_back(tokenizer->piece(id));
  REQUIRE(pieces == std::vector<std::string>{"I", " love", " pizza"});
  REQUIRE(tokenizer->encode("<|endoftext|>").size() > 1);
  REQUIRE(tokenizer->encode("<|endoftext|>", Specials::allowed) == Tokenizer::Ids{50256});
}

TEST_CASE("a vocabulary that does not fit together is refused") {
  const auto with = [](const auto& change) {
    TokenizerState state = kingdom();
    change(state);
    return [state] { make_tokenizer(state); };
  };
  CHECK_THROWS_WITH(with([](TokenizerState& s) { s.pieces[65] = "xyzzy"; })(), Catch::Contains("byte 65 has no token"));
  CHECK_THROWS_WITH(with([](TokenizerState& s) { s.pieces[300] = "a"; })(), Catch::Contains("are the same bytes"));
  CHECK_THROWS_WITH(with([](TokenizerState& s) { s.merges.pop_back(); })(), Catch::Contains("lacks its right token"));
  CHECK_THROWS_WITH(with([](TokenizerState& s) { s.merges[4] = 5000; })(), Catch::Contains("merge 2 is of token 5000"));
  CHECK_THROWS_WITH(with([](TokenizerState& s) { s.merges[4] = -1; })(), Catch::Contains("merge 2 is of token -1"));
  CHECK_THROWS_WITH(with([](TokenizerState& s) { s.merges[0] = s.merges[1] = 0; })(),
                    Catch::Contains("which is not in the vocabulary"));
  CHECK_THROWS_WITH(with([](TokenizerState& s) { std::copy_n(s.merges.begin(), 2, s.merges.begin() + 2); })(),
                    Catch::Contains("merge 1 is given twice"));
  CHECK_THROWS_WITH(with([](TokenizerState& s) { s.specials = {1000}; })(),
                    Catch::Contains("special token 1000 is outside"));
  CHECK_THROWS_WITH(with([](TokenizerState& s) { s.specials = {999, 999}; })(), Catch::Contains("given twice"));
  CHECK_THROWS_WITH(with([](TokenizerState& s) { s.pattern = "gpt3"; })(), Catch::Contains("pattern gpt3"));
  CHECK_THROWS_WITH(with([](TokenizerState& s) { s.pieces.resize((1 << 20) + 1); })(),
                    Catch::Contains("more than the 1048576"));
  TokenizerState gap = kingdom();
  gap.pieces.resize(1005);
  const auto tokenizer = make_tokenizer(gap);
  const std::vector<std::int32_t> unused = {1004};
  CHECK_THROWS_WITH(tokenizer->decode(unused), Catch::Contains("token 1004 is not used"));
}

}  // namespace heddle
