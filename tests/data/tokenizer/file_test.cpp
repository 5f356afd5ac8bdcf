#include "data/tokenizer/file.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "data/text/text_source.h"
#include "data/tokenizer/bpe_trainer.h"
#include "tests/packed.h"
#include "tests/real_data.h"
#include "tests/temporary_folder.h"

namespace heddle {
namespace {

using nlohmann::json;

TokenizerState trained(Pattern pattern) {
  BpeOptions options;
  options.vocab_size = 600;
  options.pattern = pattern;
  if (pattern != Pattern::whitespace) options.specials = {"<|end|>", "<pad>"};
  return train_bpe(read_from("naïve \xFF " + TextSource({"builtin:kingdom"}, 50000, 1).read_all()), options);
}

const std::string& sample_json() {
  static const std::string text = tokenizer_json(trained(Pattern::gpt2));
  return text;
}

/// What reading the sample says after a change of its JSON.
template <class Change>
std::string refusal(const Change& change) {
  json file = json::parse(sample_json());
  change(file);
  try {
    make_tokenizer(parse_tokenizer_json(file.dump()));
  } catch (const Error& e) {
    return e.what();
  }
  return "read without an error";
}

}  // namespace

TEST_CASE("Hugging Face's form gives back what was written") {
  TokenizerState state = trained(GENERATE(Pattern::gpt2, Pattern::cl100k, Pattern::whitespace, Pattern::none));
  REQUIRE(parse_tokenizer_json(tokenizer_json(state)) == state);
  state.added = {static_cast<std::int32_t>(state.pieces.size())};
  state.pieces.emplace_back("  two spaces");
  REQUIRE(parse_tokenizer_json(tokenizer_json(state)) == state);
  state.added.push_back(static_cast<std::int32_t>(state.pieces.size()));
  state.pieces.emplace_back("a\0b", 3);
  REQUIRE(parse_tokenizer_json(tokenizer_json(state)) == state);
}

TEST_CASE("Hugging Face's form is read with merges as pairs, and whatever else files of it leave out") {
  json file = json::parse(sample_json());
  json& merges = file["model"]["merges"];
  for (json& merge : merges) {
    const auto text = merge.get<std::string>();
    const auto space = text.find(' ');
    merge = {text.substr(0, space), text.substr(space + 1)};
  }
  for (const char* name : {"version", "truncation", "padding", "normalizer", "post_processor", "decoder"})
    file.erase(name);
  for (const char* name : {"dropout", "unk_token", "fuse_unk", "byte_fallback", "ignore_merges"})
    file["model"].erase(name);
  for (const json& added : file["added_tokens"]) file["model"]["vocab"].erase(added["content"].get<std::string>());
  REQUIRE(parse_tokenizer_json(file.dump()) == parse_tokenizer_json(sample_json()));
}

TEST_CASE("GPT-2's form gives back what was written, its own files to the byte") {
  const TokenizerState state = trained(Pattern::gpt2);
  REQUIRE(parse_gpt2(gpt2_encoder_json(state), gpt2_vocab_bpe(state)) == state);
  CHECK_THROWS_WITH(gpt2_encoder_json(trained(Pattern::none)), Catch::Contains("cannot hold pattern none"));
  TokenizerState composed = state;
  composed.nfc = true;
  CHECK_THROWS_WITH(gpt2_encoder_json(composed), Catch::Contains("cannot hold pattern NFC, gpt2"));
  TokenizerState stripping = state;
  stripping.lstrip = {state.specials[0]};
  CHECK_THROWS_WITH(gpt2_encoder_json(stripping), Catch::Contains("how special tokens are found"));
  const std::string folder = real_data("gpt2-bpe");
  if (folder.empty()) return;
  const TokenizerState gpt2 = read_tokenizer(folder);
  REQUIRE(gpt2_vocab_bpe(gpt2) == read_bytes(folder + "/vocab.bpe"));
  REQUIRE(json::parse(gpt2_encoder_json(gpt2)) == json::parse(read_bytes(folder + "/encoder.json")));
  REQUIRE(parse_tokenizer_json(tokenizer_json(gpt2)) == gpt2);
}

TEST_CASE("packed files of tokenizers are read as those that were packed, with a byte order mark or without") {
  const TemporaryFolder folder;
  const TokenizerState state = trained(Pattern::gpt2);
  const std::string json_text = tokenizer_json(state), ranks = rank_lines(state);
  for (const char* mark : {"", "\xEF\xBB\xBF"}) {
    CHECK(read_tokenizer(folder.write("t.json", mark + json_text)) == state);
    CHECK(read_tokenizer(folder.write("t.json.gz", gzip(mark + json_text))) == state);
    CHECK(read_tokenizer(folder.write("t.json.zst", zstd(mark + json_text))) == state);
    CHECK(read_tokenizer(folder.write("t.tiktoken", gzip(mark + ranks)), "gpt2") == parse_ranks(ranks, "gpt2"));
  }
  CHECK_THROWS_WITH(read_tokenizer(folder.write("t.zip", "PK\x03\x04" + std::string(30, 'x'))),
                    Catch::Contains("t.zip' is a zip archive; unpack it first: unzip "));
}

TEST_CASE("tiktoken's form gives the same tokens for the same text") {
  const Pattern pattern = GENERATE(Pattern::gpt2, Pattern::cl100k);
  const TokenizerState state = trained(pattern);
  const TokenizerState ranks = parse_ranks(rank_lines(state), pattern_name(pattern));
  REQUIRE(ranks.pieces == std::vector<std::string>(state.pieces.begin(), state.pieces.end() - 2));
  REQUIRE(rank_lines(ranks) == rank_lines(state));
  const std::string text = TextSource({"builtin:kingdom"}, 50000, 2).read_all() + "---- ===== aaaaa  \n\n\n naïve";
  REQUIRE(make_tokenizer(ranks)->encode(text) == make_tokenizer(state)->encode(text));
  TokenizerState moved = state;
  std::swap(moved.pieces[400], moved.pieces[401]);
  for (std::int32_t& id : moved.merges) id = id == 400 ? 401 : id == 401 ? 400 : id;
  CHECK_THROWS_WITH(rank_lines(moved), Catch::Contains("its ids are not its merges' order"));
}

TEST_CASE("a piece that is a token is that token with ranks, and where a tokenizer.json ignores merges") {
  std::string lines = rank_lines(trained(Pattern::none));
  lines.resize(lines.find(" 255\n") + 5);                   // the bytes
  lines += "YmM= 256\nYWI= 257\nY2Q= 258\nYWJjZA== 259\n";  // bc, ab, cd, abcd: of abcd merging makes a, bc, d
  TokenizerState state = parse_ranks(lines, "gpt2");
  CHECK(make_tokenizer(state)->encode("abcd") == Tokenizer::Ids{259});
  CHECK(make_tokenizer(state)->encode("abcde") == Tokenizer::Ids{'a', 256, 'd', 'e'});
  CHECK(parse_tokenizer_json(tokenizer_json(state)) == state);
  CHECK_THROWS_WITH(gpt2_encoder_json(state), Catch::Contains("whole pieces"));
  json file = json::parse(tokenizer_json(state));
  file["model"]["ignore_merges"] = false;
  CHECK(make_tokenizer(parse_tokenizer_json(file.dump()))->encode("abcd") == Tokenizer::Ids{'a', 256, 'd'});
}

TEST_CASE("ranks may leave some out, as p50k_base does for its special token") {
  std::string lines = rank_lines(trained(Pattern::gpt2));
  const std::size_t space = lines.rfind(' ');
  const std::int32_t rank = std::stoi(lines.substr(space + 1));
  lines = lines.substr(0, space + 1) + std::to_string(rank + 3) + '\n';
  const TokenizerState state = parse_ranks(lines, "gpt2");
  const auto tokenizer = make_tokenizer(state);
  REQUIRE(tokenizer->vocab_size() == rank + 4);
  REQUIRE(rank_lines(state) == lines);
  REQUIRE(parse_tokenizer_json(tokenizer_json(state)) == state);
  const std::string piece = tokenizer->piece(rank + 3);
  REQUIRE(tokenizer->encode(piece) == Tokenizer::Ids{rank + 3});
  const std::vector<std::int32_t> left_out = {rank};
  REQUIRE_THROWS_WITH(tokenizer->decode(left_out), Catch::Contains("is not used"));
}

TEST_CASE("bytes have printable names: a space is Ġ, a line's end Ċ") {
  std::string all;
  for (int byte = 0; byte < 256; ++byte) all += static_cast<char>(byte);
  REQUIRE(bytes_of_printable(printable_bytes(all)) == all);
  REQUIRE(printable_bytes(" love\n") == "ĠloveĊ");
  REQUIRE_THROWS_WITH(bytes_of_printable("▁love"), Catch::Contains("GPT-2's characters for bytes"));
  REQUIRE_THROWS_AS(bytes_of_printable("\xFF"), Error);
}

TEST_CASE("a tokenizer.json that is not byte-level BPE, or is damaged, is refused with what is wrong") {
  using Catch::Contains;
  CHECK_THAT(refusal([](json&) {}), Contains("read without an error"));
  for (const char* type : {"WordPiece", "Unigram", "WordLevel"})
    CHECK_THAT(refusal([&](json& f) { f["model"]["type"] = type; }), Contains("its model is " + std::string(type)));
  CHECK_THAT(refusal([](json& f) {
               f["normalizer"] = {{"type", "NFKC"}};
             }),
             Contains("the normalizer NFKC is not supported"));
  CHECK_THAT(refusal([](json& f) { f["pre_tokenizer"] = nullptr; }),
             Contains("the pre-tokenizer none is not supported"));
  CHECK_THAT(refusal([](json& f) { f["pre_tokenizer"] = {{"type", "Metaspace"}}; }), Contains("Metaspace"));
  CHECK_THAT(refusal([](json& f) { f["model"]["byte_fallback"] = true; }), Contains("byte_fallback"));
  CHECK_THAT(refusal([](json& f) { f["model"]["end_of_word_suffix"] = "</w>"; }), Contains("end_of_word_suffix"));
  CHECK_THAT(refusal([](json& f) { f["model"]["merges"][3] = "Ġ zzz"; }), Contains("merge 3 ('Ġ zzz') names 'zzz'"));
  CHECK_THAT(refusal([](json& f) { f["model"]["merges"][3] = "abc"; }), Contains("merge 3 ('abc') is not two tokens"));
  CHECK_THAT(refusal([](json& f) { f["model"]["merges"][3] = 7; }), Contains("merge 3 is neither"));
  CHECK_THAT(refusal([](json& f) { f["model"].erase("merges"); }), Contains("no merges"));
  CHECK_THAT(refusal([](json& f) { f["model"]["vocab"]["▁x"] = 700; }), Contains("GPT-2's characters"));
  CHECK_THAT(refusal([](json& f) { f["model"]["vocab"]["new"] = 300; }), Contains("two tokens have id 300"));
  CHECK_THAT(refusal([](json& f) { f["model"]["vocab"]["new"] = -3; }), Contains("token 'new' has id -3"));
  CHECK_THAT(refusal([](json& f) { f["model"]["vocab"]["new"] = 99999999; }), Contains("token 'new' has id 99999999"));
  CHECK_THAT(refusal([](json& f) { f["model"]["vocab"].erase("a"); }), Contains("which is not in the vocabulary"));
  CHECK_THAT(refusal([](json& f) { f["model"]["vocab"] = 3; }), Contains("no vocabulary"));
  CHECK_THAT(refusal([](json& f) { f.erase("model"); }), Contains("it has no model"));
  CHECK_THAT(refusal([](json& f) { f["added_tokens"][0]["id"] = 5; }), Contains("has id 5 and in the vocabulary"));
  CHECK_THAT(refusal([](json& f) { f["added_tokens"].push_back(f["added_tokens"][0]); }), Contains("is given twice"));
  CHECK_THAT(refusal([](json& f) { f["added_tokens"] = "x"; }), Contains("added_tokens are not a list"));
  CHECK_THAT(refusal([](json& f) { f = json::array(); }), Contains("it has no model"));
  CHECK_THAT(refusal([](json& f) {
               f["model"]["type"] = "Unigram";
               f["normalizer"] = {{"type", "Sequence"}, {"normalizers", {{{"type", "NFC"}}, {{"type", "Lowercase"}}}}};
               f["pre_tokenizer"] = {
                   {"type", "Sequence"},
                   {"pretokenizers",
                    {{{"type", "Whitespace"}},
                     {{"type", "Split"}, {"pattern", {{"Regex", "[a&&b]"}}}, {"behavior", "Isolated"}},
                     {{"type", "Split"}, {"pattern", {{"Regex", "a"}}}, {"behavior", "Sideways"}}}}};
             }),
             Contains("its model is Unigram") && Contains("the normalizer Lowercase") &&
                 Contains("the pre-tokenizer Whitespace") && Contains("holds && in a class") &&
                 Contains("behavior \"Sideways\""));
  CHECK_THROWS_WITH(parse_tokenizer_json("{\"model\": "), Contains("it is not JSON"));
  CHECK_THROWS_WITH(parse_tokenizer_json(std::string(100000, '[')), Contains("it is not JSON"));
  const std::string deep = "{\"a\": " + std::string(200000, '[') + std::string(200000, ']') + "}";
  CHECK_THROWS_WITH(parse_tokenizer_json("{\"model\": {\"vocab\": " + deep + "}}"), Contains("more than 100 lists"));
  CHECK_THROWS_WITH(parse_gpt2(deep, ""), Contains("more than 100 lists"));
}

TEST_CASE("GPT-2's files and ranks that are damaged are refused with what is wrong") {
  using Catch::Contains;
  const TokenizerState state = trained(Pattern::gpt2);
  const std::string encoder = gpt2_encoder_json(state), merges = gpt2_vocab_bpe(state);
  CHECK_THROWS_WITH(parse_gpt2(encoder, merges + "a zzz\n"), Contains("names 'zzz', which is not in the vocabulary"));
  CHECK_THROWS_WITH(parse_gpt2(encoder, merges + "abc\n"), Contains("('abc') is not two tokens"));
  CHECK_THROWS_WITH(parse_gpt2("[]", merges), Contains("no vocabulary"));
  CHECK_THROWS_WITH(parse_gpt2("", merges), Contains("it is not JSON"));
  const std::string ranks = rank_lines(state);
  CHECK_THROWS_WITH(parse_ranks("", "gpt2"), Contains("it is empty"));
  CHECK_THROWS_WITH(parse_ranks("hello\n", "gpt2"), Contains("line 1 is not a token in base64"));
  CHECK_THROWS_WITH(parse_ranks("AA== x\n", "gpt2"), Contains("line 1 is not"));
  CHECK_THROWS_WITH(parse_ranks("AA== 1\nAQ== 1\n", "gpt2"), Contains("line 2 has rank 1, wanted 2 or more"));
  CHECK_THROWS_WITH(parse_ranks("AA== 1048576\n", "gpt2"), Contains("rank 1048576, which is not within 0 .. 1048575"));
  CHECK_THROWS_WITH(parse_ranks("AA== 18446744073709551616\n", "gpt2"), Contains("line 1 is not"));
  CHECK_THROWS_WITH(parse_ranks("A 0\n", "gpt2"), Contains("'A' is not base64"));
  CHECK_THROWS_WITH(parse_ranks("A=A= 0\n", "gpt2"), Contains("is not base64"));
  CHECK_THROWS_WITH(parse_ranks("AA== 0\nAA== 1\n", "gpt2"), Contains("ranks 0 and 1 are the same bytes"));
  CHECK_THROWS_WITH(parse_ranks(ranks + "enp6eg== " + std::to_string(state.pieces.size() - 2) + "\n", "gpt2"),
                    Contains("('zzzz') is not made of two other tokens"));
  CHECK_THROWS_WITH(make_tokenizer(parse_ranks("AA== 0\n", "gpt2")), Contains("byte 1 has no token"));
}

TEST_CASE("files are told apart by what they hold, and refused by name") {
  using Catch::Contains;
  const TemporaryFolder folder;
  const TokenizerState state = trained(Pattern::gpt2);
  for (const char* name : {"t.json", "t.tiktoken", "gpt2"}) {
    write_tokenizer(state, folder.path(name));
    const TokenizerState read = read_tokenizer(folder.path(name));
    CHECK(read.merges.size() >= state.merges.size());
    CHECK(make_tokenizer(read)->encode("the king and his queen <|end|>", Specials::allowed) ==
          make_tokenizer(state)->encode("the king and his queen <|end|>", Specials::allowed));
  }
  CHECK(std::distance(std::filesystem::directory_iterator(folder.path("gpt2")), {}) == 2);
  for (const char* half : {"gpt2/encoder.json", "gpt2/vocab.bpe"})
    CHECK_THROWS_WITH(read_tokenizer(folder.path(half)),
                      Contains("encoder.json and vocab.bpe") && Contains("name their folder"));
  CHECK(folder.count() == 4);  // with what is beside the ranks, and no temporary file is left
  CHECK_THROWS_WITH(read_tokenizer(folder.path("none")), Contains("none' does not exist"));
  CHECK_THROWS_WITH(read_tokenizer(folder.write("bad.json", "{}")), Contains("bad.json': it has no model"));
  CHECK_THROWS_WITH(read_tokenizer(folder.write("text.txt", "some text\n")), Contains("text.txt': line 1"));
  folder.write("half/encoder.json", "{}");
  CHECK_THROWS_WITH(read_tokenizer(folder.path("half")), Contains("vocab.bpe' cannot be opened"));
  CHECK_THROWS_WITH(write_tokenizer(state, folder.path("no/such/t.json")), Contains("cannot save"));
  CHECK_THROWS_WITH(write_tokenizer(state, folder.path("t.txt")), Contains("name a .json or a .tiktoken file"));
  CHECK_THROWS_WITH(read_tokenizer(folder.write("two.json", R"({"model": {"type": "a\nb"}})")), Contains("a b; only"));
  folder.write("taken/encoder.json/file", "");
  CHECK_THROWS_WITH(write_tokenizer(state, folder.path("taken")), Contains("encoder.json': Is a directory"));
  CHECK_FALSE(std::filesystem::exists(folder.path("taken/vocab.bpe")));
  CHECK_THROWS_WITH(write_tokenizer(state, "/dev/full/t.json"), Contains("cannot save"));
  CHECK_THROWS_WITH(write_tokenizer({"char", {"a"}}, folder.path("c.json")),
                    Contains("a char tokenizer has no such file"));
}

TEST_CASE("ranks keep their pattern and special tokens beside them, and without them the pattern must be named") {
  using Catch::Contains;
  const TemporaryFolder folder;
  TokenizerState state = trained(Pattern::cl100k);
  state.lstrip = {state.specials[1]};
  state.nfc = true;
  write_tokenizer(state, folder.path("c.tiktoken"));
  const TokenizerState read = read_tokenizer(folder.path("c.tiktoken"));
  CHECK(read.pieces == state.pieces);
  CHECK(read.specials == state.specials);
  CHECK(read.lstrip == state.lstrip);
  CHECK(read.pattern == "cl100k");
  CHECK(read.nfc);
  const std::string text = "It'S \"What <pad> 12345\n\nthe king";
  CHECK(make_tokenizer(read)->encode(text, Specials::allowed) ==
        make_tokenizer(state)->encode(text, Specials::allowed));
  CHECK(read_tokenizer(folder.path("c.tiktoken"), "cl100k") == read);
  CHECK_THROWS_WITH(read_tokenizer(folder.path("c.tiktoken"), "gpt2"), Contains("its own is NFC, cl100k"));
  write_tokenizer(state, folder.path("c.json"));
  CHECK_THROWS_WITH(read_tokenizer(folder.path("c.json"), "gpt2"), Contains("its own is NFC, cl100k"));

  std::filesystem::remove(folder.path("c.tiktoken.json"));
  CHECK_THROWS_WITH(read_tokenizer(folder.path("c.tiktoken")), Contains("name the pattern"));
  CHECK(read_tokenizer(folder.path("c.tiktoken"), "cl100k").pattern == "cl100k");
  const auto beside = [&](const char* json) {
    folder.write("c.tiktoken.json", json);
    return [&] { read_tokenizer(folder.path("c.tiktoken")); };
  };
  CHECK_THROWS_WITH(beside("{}")(), Contains("c.tiktoken.json': it does not say the pattern"));
  CHECK_THROWS_WITH(beside(R"({"pattern": "gpt3"})")(), Contains("pattern gpt3: no such one"));
  CHECK_THROWS_WITH(beside(R"({"pattern": "gpt2", "added_tokens": [{"id": 97, "content": "x"}]})")(),
                    Contains("added token x has rank 97, which is 'a'"));
}

TEST_CASE(
    "GPT-2's two files are read under either pair of names, with a byte order mark, and behind a tokenizer.json") {
  const TemporaryFolder folder;
  const TokenizerState state = trained(Pattern::gpt2);
  for (const char* mark : {"", "\xEF\xBB\xBF"}) {
    folder.write("a/encoder.json", mark + gpt2_encoder_json(state));
    folder.write("a/vocab.bpe", mark + gpt2_vocab_bpe(state));
    folder.write("b/vocab.json", mark + gpt2_encoder_json(state));
    folder.write("b/merges.txt", mark + gpt2_vocab_bpe(state));
    CHECK(read_tokenizer(folder.path("a")) == state);
    CHECK(read_tokenizer(folder.path("b")) == state);
    CHECK(is_tokenizer_folder(folder.path("b")));
  }
  std::vector<std::string> notices;
  folder.write("b/added_tokens.json", "{}");
  read_tokenizer(folder.path("b"), "auto", &notices);
  REQUIRE(notices.size() == 1);
  CHECK_THAT(notices[0], Catch::Contains("added_tokens.json' is not read"));
  const TokenizerState other = trained(Pattern::cl100k);
  folder.write("b/tokenizer.json", tokenizer_json(other));
  CHECK(read_tokenizer(folder.path("b")) == other);
  CHECK_FALSE(is_tokenizer_folder(folder.path("none")));
  folder.write("c/text.txt", "");
  CHECK_THROWS_WITH(read_tokenizer(folder.path("c")), Catch::Contains("holds no tokenizer"));
}

TEST_CASE("the normalizer NFC is read alone and in a sequence") {
  json file = json::parse(sample_json());
  const json nfc = {{"type", "NFC"}};
  CHECK_FALSE(parse_tokenizer_json(file.dump()).nfc);
  file["normalizer"] = nfc;
  CHECK(parse_tokenizer_json(file.dump()).nfc);
  file["normalizer"] = {{"type", "Sequence"}, {"normalizers", json::array({nfc})}};
  CHECK(parse_tokenizer_json(file.dump()).nfc);
  file["normalizer"]["normalizers"] = json::array();
  CHECK_FALSE(parse_tokenizer_json(file.dump()).nfc);
}

TEST_CASE("an added token that does not say so is normalized unless it is special") {
  json file = json::parse(sample_json());
  for (json& token : file["added_tokens"]) token.erase("normalized");
  CHECK(parse_tokenizer_json(file.dump()).normalized.empty());
  file["added_tokens"][0]["special"] = false;
  CHECK(parse_tokenizer_json(file.dump()).normalized == Tokenizer::Ids{file["added_tokens"][0]["id"]});
}

TEST_CASE("what a tokenizer.json asks for and is not done is told") {
  json file = json::parse(sample_json());
  std::vector<std::string> notices;
  parse_tokenizer_json(file.dump(), &notices);
  CHECK(notices.empty());
  file["model"]["dropout"] = 0.0;
  file["post_processor"] = {{"type", "ByteLevel"}};
  parse_tokenizer_json(file.dump(), &notices);
  CHECK(notices.empty());
  file["model"]["dropout"] = 0.1;
  file["truncation"] = {{"max_length", 8}};
  file["padding"] = {{"strategy", "BatchLongest"}};
  file["post_processor"] = {{"type", "TemplateProcessing"}};
  parse_tokenizer_json(file.dump(), &notices);
  REQUIRE(notices.size() == 4);
  const char* parts[] = {"dropout of 0.1", "truncation", "padding", "post-processor TemplateProcessing"};
  for (std::size_t i = 0; i < 4; ++i) CHECK_THAT(notices[i], Catch::Contains(parts[i]));
}

TEST_CASE("in GPT-2's order the bytes that print come first, and the tokens of a text are the same bytes") {
  const TokenizerState state = trained(Pattern::gpt2), moved = with_gpt2_bytes(state);
  CHECK(moved.pieces[0] == "!");
  CHECK(moved.pieces[93] == "~");
  CHECK(moved.pieces[94] == "\xA1");
  CHECK(moved.pieces[187] == "\xFF");
  CHECK(moved.pieces[188] == std::string(1, '\0'));
  CHECK(moved.pieces[220] == " ");
  CHECK(moved.pieces[255] == "\xAD");
  CHECK(with_gpt2_bytes(moved) == moved);
  const auto before = make_tokenizer(state), behind = make_tokenizer(moved);
  const std::string text = "the king's naïve queens <|end|> \xFF";
  const auto ids = before->encode(text, Specials::allowed), others = behind->encode(text, Specials::allowed);
  REQUIRE(ids.size() == others.size());
  for (std::size_t i = 0; i < ids.size(); ++i) CHECK(before->piece(ids[i]) == behind->piece(others[i]));
  CHECK(rank_lines(moved).starts_with("IQ== 0\n"));
  CHECK_THROWS_WITH(with_gpt2_bytes({"bpe", {"a", "b"}}), Catch::Contains("2 tokens are not the 256 bytes"));
  TokenizerState other = state;
  std::swap(other.pieces[5], other.pieces[300]);
  CHECK_THROWS_WITH(with_gpt2_bytes(other), Catch::Contains("token 5 is no byte"));
}

}  // namespace heddle
