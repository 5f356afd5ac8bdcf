#include "data/text/token_file.h"

#include <catch2/catch.hpp>

#include "data/text/corpus.h"
#include "data/text/text_source.h"
#include "data/tokenizer/bpe_trainer.h"
#include "framework/hash.h"
#include "tests/temporary_folder.h"

namespace heddle {
namespace {

std::string story() { return TextSource({"builtin:kingdom"}, 300000, 1).read_all(); }

std::shared_ptr<const Tokenizer> bpe(std::int64_t vocab_size) {
  BpeOptions options;
  options.vocab_size = vocab_size;
  return make_tokenizer(train_bpe(read_from(story()), options));
}

std::string file_of(const TemporaryFolder& folder, const Tokenizer& tokenizer, const std::string& text,
                    const std::string& name = "tokens.h5") {
  save_tokens(folder.path(name), encode_text(tokenizer, read_from(text), Specials::plain));
  return folder.path(name);
}

DataConfig from(const std::string& path, const std::string& tokenizer) {
  DataConfig config;
  config.path = path;
  config.tokenizer = tokenizer;
  config.vocab_size = 400;
  return config;
}

}  // namespace

TEST_CASE("a token file holds the text's tokens in the smallest type that fits") {
  const TemporaryFolder folder;
  const std::string text = story();
  for (const std::int64_t vocabulary : {256, 300, 1000}) {
    const auto tokenizer = bpe(vocabulary);
    const TokenText read = load_tokens(file_of(folder, *tokenizer, text));
    const Tokens tokens(read.tokens);
    REQUIRE((tokens.ids() == tokenizer->encode(text)));
    REQUIRE(read.tokens.element_size == (vocabulary <= 256 ? 1 : 2));
    REQUIRE(read.tokenizer == tokenizer->state());
    REQUIRE(read.text_hash == fnv1a(text));
    REQUIRE(read.text_bytes == text.size());
    std::vector<std::uint64_t> counts(tokenizer->state().pieces.size());
    for (const std::int32_t id : tokens.ids()) ++counts[static_cast<std::size_t>(id)];
    REQUIRE(read.frequencies == counts);
  }
  TokenizerState large;
  large.kind = "word";
  large.pieces = {"<unk>"};
  for (int i = 0; i < 70000; ++i) large.pieces.push_back("w" + std::to_string(i));
  large.counts.assign(large.pieces.size(), 1);
  const auto words = make_tokenizer(large);
  const TokenText read = load_tokens(file_of(folder, *words, "w69999 w3 nothing"));
  REQUIRE(read.tokens.element_size == 4);
  REQUIRE(Tokens(read.tokens).ids() == std::vector<std::int32_t>{70000, 4, 0});
}

TEST_CASE("a special token that two blocks share is found, as is a letter of several bytes") {
  TokenizerState state = bpe(300)->state();
  state.specials = {300};
  state.pieces.emplace_back("a<|end|>");
  const auto tokenizer = make_tokenizer(state);
  const std::string before(65600, 'a'), after = "<|end|>é and more";
  for (const std::string& text : {before + after, before + "é" + after}) {
    const auto wanted = tokenizer->encode(text, Specials::allowed);
    for (std::size_t first = 65598; first < 65612; ++first) {  // bytes of the first block
      std::size_t at = 0;
      const auto read = [&](std::string& to, std::size_t) {
        const std::string_view part = std::string_view(text).substr(at, at == 0 ? first : 3);
        to += part;
        at += part.size();
        return at < text.size();
      };
      std::vector<std::int32_t> ids;
      for_tokens(*tokenizer, read, Specials::allowed,
                 [&](const auto& block, std::string_view) { ids.insert(ids.end(), block.begin(), block.end()); });
      INFO(first);
      REQUIRE((ids == wanted));
    }
  }
}

TEST_CASE("ids of 1, 2 and 4 bytes read the same, whole and in parts, wherever they lie") {
  const std::vector<std::int32_t> ids = {0, 255, 7, 128, 1};
  for (const std::size_t size : {1, 2, 4}) {
    auto bytes = std::make_shared<std::vector<std::byte>>(1 + ids.size() * size);  // the first is at an odd address
    for (std::size_t i = 0; i < ids.size(); ++i) std::memcpy(bytes->data() + 1 + i * size, &ids[i], size);
    const Tokens tokens(MappedNumbers{size, ids.size(), std::shared_ptr<const std::byte>(bytes, bytes->data() + 1)});
    REQUIRE(tokens.ids() == ids);
    REQUIRE(tokens.part(1, 4).ids() == std::vector<std::int32_t>{255, 7, 128});
    REQUIRE(tokens.part(1, 4).part(2, 3)[0] == 128);
  }
  REQUIRE(Tokens().ids().empty());
}

TEST_CASE("a token file trains as its text does, and its tokenizer comes with it") {
  const TemporaryFolder folder;
  const std::string text = story();
  const auto tokenizer = bpe(400);
  const Corpus files = load_corpus(from(file_of(folder, *tokenizer, text), "char"), 1, 8);
  const Corpus texts = load_corpus(from(folder.write("t.txt", text), "bpe"), 1, 8, tokenizer);
  REQUIRE(files.tokenizer->state() == tokenizer->state());
  REQUIRE((files.train.ids() == texts.train.ids()));
  REQUIRE((files.val.ids() == texts.val.ids()));
  REQUIRE(files.text_hash == texts.text_hash);
  REQUIRE(files.val_bytes == texts.val_bytes);
  REQUIRE(files.val_bytes == static_cast<double>(tokenizer->decode(files.val.ids()).size()));
  REQUIRE_THROWS_WITH(load_corpus(from(folder.path("tokens.h5"), "bpe"), 1, 8, bpe(300)),
                      Catch::Contains("tokens.h5 was encoded with another tokenizer than the model's"));
}

TEST_CASE("a text's tokens are kept and used while text and tokenizer are the same") {
  const TemporaryFolder folder;
  const std::string text = story();
  const DataConfig config = from(folder.write("t.txt", text), "bpe");
  const auto load = [&](std::shared_ptr<const Tokenizer> tokenizer) {
    return load_corpus(config, 1, 8, std::move(tokenizer), folder.path());
  };
  const auto tokenizer = bpe(300);
  Corpus first = load(tokenizer);
  REQUIRE_FALSE(first.kept);
  first.keep_in(folder.path());
  Corpus second = load(tokenizer);
  REQUIRE(second.kept);
  REQUIRE((second.train.ids() == first.train.ids()));
  REQUIRE_FALSE(load(bpe(301)).kept);
  folder.write("t.txt", text + "!");
  const Corpus changed = load(tokenizer);
  REQUIRE_FALSE(changed.kept);
  REQUIRE(changed.text_hash != first.text_hash);
  folder.write("t.txt", text);
  folder.write("tokens.h5", read_bytes(folder.path("tokens.h5")).substr(0, 5000));
  Corpus again = load(tokenizer);  // what is damaged is made again
  REQUIRE_FALSE(again.kept);
  again.keep_in(folder.path());
  REQUIRE(load(tokenizer).kept);
}

TEST_CASE("a tokenizer learns from the training part, but for characters, which must all be known") {
  const TemporaryFolder folder;
  std::string text;
  for (int i = 0; i < 900; ++i) text += "ab ";
  for (int i = 0; i < 100; ++i) text += "xy ";
  const std::string path = folder.write("t.txt", text);
  const auto pieces = [&](const char* kind) { return load_corpus(from(path, kind), 1, 4).tokenizer->state().pieces; };
  const auto has = [](const std::vector<std::string>& list, const std::string& piece) {
    return std::find(list.begin(), list.end(), piece) != list.end();
  };
  CHECK(has(pieces("bpe"), " ab"));
  CHECK_FALSE(has(pieces("bpe"), " xy"));
  CHECK_FALSE(has(pieces("word"), "xy"));
  CHECK(has(pieces("char"), "y"));
}

TEST_CASE("bits a byte compare tokenizers: fewer tokens of more nats each are the same bits") {
  const TemporaryFolder folder;
  const std::string path = folder.write("t.txt", story());
  const Corpus bytes = load_corpus(from(path, "byte"), 1, 8), pairs = load_corpus(from(path, "bpe"), 1, 8);
  CHECK(bytes.bits_per_byte(std::log(256)) == Approx(8));
  const double nats = std::log(2.0) * 8 * pairs.val_bytes / static_cast<double>(pairs.val.size());
  CHECK(pairs.bits_per_byte(nats) == Approx(8));
  CHECK(std::isnan(load_corpus(from(path, "word"), 1, 8).bits_per_byte(1)));
}

TEST_CASE("a token file that is not one is refused") {
  const TemporaryFolder folder;
  TokenText text = encode_text(*bpe(300), read_from("the king"), Specials::plain);
  text.tokenizer.pieces.resize(260);
  save_tokens(folder.path("outside.h5"), text);
  CHECK_THROWS_WITH(load_tokens(folder.path("outside.h5")), Catch::Contains("are outside the vocabulary of 260"));
  CHECK_THROWS_WITH(load_tokens(folder.write("text.h5", "text")),
                    Catch::Contains("is not an HDF5 file; choose a token file"));
  save_file(folder.path("other.h5"), "checkpoint", 1, [](Hdf5OArchive&) {});
  CHECK_THROWS_WITH(load_tokens(folder.path("other.h5")), Catch::Contains("is a checkpoint, wanted a token file"));
  CHECK(file_kind(folder.path("other.h5")) == "checkpoint");
  CHECK_THROWS_WITH(save_tokens(folder.path("no/folder.h5"), text), Catch::Contains("cannot save"));
}

}  // namespace heddle
