#include "data/text/token_file.h"

#include <catch2/catch.hpp>

#include "data/text/text_source.h"
#include "data/tokenizer/bpe_trainer.h"
#include "framework/hash.h"
#include "tests/data/text/text_fixture.h"
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

TextConfig from(const std::string& path, const std::string& tokenizer) {
  TextConfig config = text_at(path);
  config.tokenizer.kind = tokenizer;
  config.tokenizer.vocab_size = 400;
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
  DataState known, other;
  known.tokenizer = tokenizer->state();
  other.tokenizer = bpe(300)->state();
  const auto files = load_text(from(file_of(folder, *tokenizer, text), "char"), 8);
  const auto texts = load_text(from(folder.write("t.txt", text), "bpe"), 8, &known);
  REQUIRE(files->state().tokenizer == tokenizer->state());
  REQUIRE(files->notices().size() == 1);
  REQUIRE_THAT(files->notices()[0], Catch::Contains("data.tokenizer = char is not used"));
  for (const Split split : {Split::train, Split::val})
    REQUIRE((files->tokens(split).ids() == texts->tokens(split).ids()));
  REQUIRE(files->fingerprint() == texts->fingerprint());
  REQUIRE(files->text_size(Split::val).bytes == texts->text_size(Split::val).bytes);
  REQUIRE(files->text_size(Split::val).bytes ==
          static_cast<double>(tokenizer->decode(files->tokens(Split::val).ids()).size()));
  REQUIRE_THROWS_WITH(load_text(from(folder.path("tokens.h5"), "bpe"), 8, &other),
                      Catch::Contains("tokens.h5 was encoded with another tokenizer than the model's"));
}

TEST_CASE("a text's tokens are kept and used while text and tokenizer are the same") {
  const TemporaryFolder folder;
  const std::string text = story();
  const TextConfig config = from(folder.write("t.txt", text), "bpe");
  const auto load = [&](const std::shared_ptr<const Tokenizer>& tokenizer) {
    DataState known;
    known.tokenizer = tokenizer->state();
    return load_text(config, 8, &known, folder.path());
  };
  // What was taken from the folder is not written again, anywhere.
  const auto is_new = [&](TextDataset& dataset) {
    const TemporaryFolder other;
    dataset.keep_in(other.path());
    return other.count() == 1;
  };
  const auto tokenizer = bpe(300);
  const auto first = load(tokenizer);
  first->keep_in(folder.path());
  const auto second = load(tokenizer);
  REQUIRE_FALSE(is_new(*second));
  REQUIRE((second->tokens(Split::train).ids() == first->tokens(Split::train).ids()));
  REQUIRE(is_new(*load(bpe(301))));
  folder.write("t.txt", text + "!");
  const auto changed = load(tokenizer);
  REQUIRE(is_new(*changed));
  REQUIRE(changed->fingerprint() != first->fingerprint());
  folder.write("t.txt", text);
  REQUIRE_FALSE(is_new(*load(tokenizer)));
  std::filesystem::resize_file(folder.path("tokens.h5"), 5000);
  const auto again = load(tokenizer);  // what is damaged is made again
  REQUIRE(is_new(*again));
}

TEST_CASE("a tokenizer learns from the training part, but for characters, which must all be known") {
  const TemporaryFolder folder;
  std::string text;
  for (int i = 0; i < 900; ++i) text += "ab ";
  for (int i = 0; i < 100; ++i) text += "xy ";
  const std::string path = folder.write("t.txt", text);
  const auto pieces = [&](const char* kind) { return load_text(from(path, kind), 4)->state().tokenizer.pieces; };
  const auto has = [](const std::vector<std::string>& list, const std::string& piece) {
    return std::find(list.begin(), list.end(), piece) != list.end();
  };
  CHECK(has(pieces("bpe"), " ab"));
  CHECK_FALSE(has(pieces("bpe"), " xy"));
  CHECK_FALSE(has(pieces("word"), "xy"));
  CHECK(has(pieces("char"), "y"));
}

TEST_CASE("a split's text is as large whatever its tokens are, and unknown where tokens do not tell") {
  const TemporaryFolder folder;
  const std::string text = story(), path = folder.write("t.txt", text);
  const auto bytes = load_text(from(path, "byte"), 8), pairs = load_text(from(path, "bpe"), 8);
  const auto whole = [](const TextDataset& of) {
    return of.text_size(Split::train).bytes + of.text_size(Split::val).bytes;
  };
  CHECK(whole(*bytes) == static_cast<double>(text.size()));
  CHECK(whole(*pairs) == static_cast<double>(text.size()));
  CHECK(std::isnan(load_text(from(path, "word"), 8)->text_size(Split::val).bytes));
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
