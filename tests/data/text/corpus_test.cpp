#include "data/text/corpus.h"

#include <catch2/catch.hpp>
#include <cmath>

#include "tests/real_data.h"
#include "tests/temporary_folder.h"

namespace heddle {
namespace {

DataConfig from(const std::string& path) {
  DataConfig config;
  config.path = path;
  return config;
}

}  // namespace

TEST_CASE("the tokens are split by their number, and bits are counted by characters and by bytes") {
  const TemporaryFolder folder;
  DataConfig config = from(folder.write("t.txt", "ääääaaaaäb"));
  config.val_fraction = 0.2;
  const Corpus corpus = load_corpus(config, 1, 1);
  REQUIRE(corpus.train.size() == 8);
  REQUIRE(corpus.val.ids() == std::vector<std::int32_t>{2, 1});
  REQUIRE(corpus.val_characters == 2);
  REQUIRE(corpus.val_bytes == 3);
  REQUIRE(corpus.bits_per_character(std::log(2.0)) == Approx(1));
  REQUIRE(corpus.bits_per_byte(std::log(2.0)) == Approx(2.0 / 3));
  config.tokenizer = "byte";
  const Corpus bytes = load_corpus(config, 1, 1);
  REQUIRE(bytes.train.size() == 12);
  REQUIRE(bytes.val.size() == 3);
  REQUIRE(bytes.bits_per_character(std::log(2.0)) == Approx(1.5));  // three tokens of a bit each for two characters
  REQUIRE(bytes.bits_per_byte(std::log(2.0)) == Approx(1));
  REQUIRE(bytes.text_hash == corpus.text_hash);
}

TEST_CASE("a corpus that cannot be used is refused with its path and what to do") {
  const TemporaryFolder folder;
  const auto load = [](const std::string& path) { return load_corpus(from(path), 1, 8); };
  REQUIRE_THROWS_WITH(load(folder.path("none.txt")), Catch::Contains("none.txt does not exist"));
  REQUIRE_THROWS_WITH(load(folder.write("empty.txt", "")), Catch::Contains("empty.txt is empty"));
  std::filesystem::create_directory(folder.path("nothing"));
  REQUIRE_THROWS_WITH(load(folder.path("nothing")), Catch::Contains("holds no file"));
  REQUIRE_THROWS_WITH(load("builtin:castle"), Catch::Contains("builtin:kingdom"));
  REQUIRE_THROWS_WITH(load(folder.write("bad.txt", "abc\xFF" + std::string(100, 'x'))),
                      Catch::Contains("bad.txt: byte 3 is not UTF-8") && Catch::Contains("data.tokenizer = byte"));
  REQUIRE_THROWS_WITH(
      load(folder.write("short.txt", std::string(40, 'x'))),
      Catch::Contains("validation part has 4 tokens, needs at least 9") && Catch::Contains("model.block_size"));
  REQUIRE_THROWS_WITH(load(folder.write("shorter.txt", "abc")), Catch::Contains("training part has 2 tokens"));
  REQUIRE_THROWS_WITH(load(std::string(300, 'x')), Catch::Contains("cannot be reached"));
  REQUIRE_THROWS_WITH(load("/dev/zero"), Catch::Contains("is not a regular file"));
  DataConfig bytes = from(folder.path("bad.txt"));
  bytes.tokenizer = "byte";
  REQUIRE(load_corpus(bytes, 1, 8).tokenizer->vocab_size() == 256);
}

TEST_CASE("a byte that is not UTF-8 is named by its own file and place in a folder") {
  const TemporaryFolder folder;
  folder.write("texts/a.txt", "no line's end");
  folder.write("texts/b/empty.txt", "");
  folder.write("texts/b/image.png", "\x89PNG");
  folder.write("texts/c.txt", "later");
  REQUIRE_THROWS_WITH(load_corpus(from(folder.path("texts")), 1, 8),
                      Catch::Contains("texts/b/image.png: byte 0 is not UTF-8"));
  folder.write("texts/b/image.png", "ab\x89");
  REQUIRE_THROWS_WITH(load_corpus(from(folder.path("texts")), 1, 8),
                      Catch::Contains("texts/b/image.png: byte 2 is not UTF-8"));
}

TEST_CASE("a model's tokenizer reads another text, and names what it cannot by the place in the file") {
  const TemporaryFolder folder;
  const std::shared_ptr<const Tokenizer> tokenizer = train_tokenizer(TokenizerOptions(), read_from("xyz"));
  const auto load = [&](DataConfig config) { return load_corpus(config, 1, 4, tokenizer); };
  REQUIRE(load(from(folder.write("good.txt", std::string(100, 'z')))).val.ids() == std::vector<std::int32_t>(10, 2));
  const std::string early = folder.write("early.txt", "xé" + std::string(100, 'x'));
  REQUIRE_THROWS_WITH(load(from(early)), Catch::Contains("early.txt: char tokenizer: 'é' (U+00E9) at byte 1 "));
  const std::string late = folder.write("late.txt", std::string(99, 'x') + "é");
  REQUIRE_THROWS_WITH(load(from(late)), Catch::Contains("late.txt: char tokenizer: 'é' (U+00E9) at byte 99 "));
  DataConfig bytes = from(folder.path("good.txt"));
  bytes.tokenizer = "byte";
  REQUIRE_THROWS_WITH(load(bytes), Catch::Contains("data.tokenizer = byte: the model was trained with char"));
}

TEST_CASE("tiny shakespeare is split and numbered as nanoGPT does") {
  const std::string path = real_data("tinyshakespeare/input.txt");
  if (path.empty()) return;
  const Corpus corpus = load_corpus(from(path), 1, 64);
  REQUIRE(corpus.tokenizer->vocab_size() == 65);
  REQUIRE(corpus.train.size() == 1003854);
  REQUIRE(corpus.val.size() == 111540);
  REQUIRE(corpus.tokenizer->encode("\n !z") == Tokenizer::Ids{0, 1, 2, 64});
  std::string text = corpus.tokenizer->decode(corpus.train.ids()) + corpus.tokenizer->decode(corpus.val.ids());
  REQUIRE(text == read_bytes(path));
}

}  // namespace heddle
