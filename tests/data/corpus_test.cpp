#include "data/corpus.h"

#include <catch2/catch.hpp>
#include <cmath>

#include "data/ngram.h"
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

TEST_CASE("a folder is read file by file in the order of their paths, hidden ones left out") {
  const TemporaryFolder folder;
  folder.write("b.txt", "second\n");
  folder.write("a/z.txt", "first");
  folder.write("c.txt", "third");
  folder.write(".hidden", "no");
  folder.write(".git/x", "no");
  REQUIRE(read_text(folder.path(), 0, 0) == "first\nsecond\nthird");
}

TEST_CASE("the text is split by characters, and both parts are encoded by one vocabulary") {
  const TemporaryFolder folder;
  DataConfig config = from(folder.write("t.txt", "ääääaaaaäb"));
  config.val_fraction = 0.2;
  const Corpus corpus = load_corpus(config, 1, 1);
  REQUIRE(corpus.train.size() == 8);
  REQUIRE(corpus.val == std::vector<std::int32_t>{2, 1});
  REQUIRE(corpus.val_characters == 2);
  REQUIRE(corpus.bits_per_character(std::log(2.0)) == Approx(1));
  config.tokenizer = "byte";
  const Corpus bytes = load_corpus(config, 1, 1);
  REQUIRE(bytes.train.size() == 12);
  REQUIRE(bytes.val.size() == 3);
  REQUIRE(bytes.bits_per_character(std::log(2.0)) == Approx(1.5));  // three tokens a nat for two characters
  REQUIRE(bytes.text_hash == corpus.text_hash);
}

TEST_CASE("a corpus that cannot be used is refused with its path and what to do") {
  const TemporaryFolder folder;
  const auto load = [](const std::string& path) { return load_corpus(from(path), 1, 8); };
  REQUIRE_THROWS_WITH(load(folder.path("none.txt")), Catch::Contains("none.txt does not exist"));
  REQUIRE_THROWS_WITH(load(folder.write("empty.txt", "")), Catch::Contains("empty.txt is empty"));
  REQUIRE_THROWS_WITH(load(folder.path("empty_folder/..")), Catch::Contains("does not exist") || Catch::Contains("holds no file"));
  std::filesystem::create_directory(folder.path("nothing"));
  REQUIRE_THROWS_WITH(load(folder.path("nothing")), Catch::Contains("holds no file with text"));
  REQUIRE_THROWS_WITH(load("builtin:castle"), Catch::Contains("builtin:kingdom"));
  REQUIRE_THROWS_WITH(load(folder.write("bad.txt", "abc\xFF" + std::string(100, 'x'))),
                      Catch::Contains("bad.txt: byte 3 is not UTF-8") && Catch::Contains("data.tokenizer = byte"));
  REQUIRE_THROWS_WITH(load(folder.write("short.txt", std::string(40, 'x'))),
                      Catch::Contains("validation part has 4 tokens, needs at least 9") && Catch::Contains("model.block_size"));
  REQUIRE_THROWS_WITH(load(folder.write("shorter.txt", "abc")), Catch::Contains("training part has 2 tokens"));
  DataConfig bytes = from(folder.path("bad.txt"));
  bytes.tokenizer = "byte";
  REQUIRE(load_corpus(bytes, 1, 8).tokenizer->vocab_size() == 256);
}

TEST_CASE("tiny shakespeare is split and numbered as nanoGPT does") {
  const std::string path = real_data("tinyshakespeare/input.txt");
  if (path.empty()) return;
  const Corpus corpus = load_corpus(from(path), 1, 64);
  REQUIRE(corpus.tokenizer->vocab_size() == 65);
  REQUIRE(corpus.train.size() == 1003854);
  REQUIRE(corpus.val.size() == 111540);
  REQUIRE(corpus.tokenizer->encode("\n !z") == Tokenizer::Ids{0, 1, 2, 64});
  std::string text = corpus.tokenizer->decode(corpus.train) + corpus.tokenizer->decode(corpus.val);
  REQUIRE(text == read_text(path, 0, 0));
}

TEST_CASE("baselines are Witten and Bell's, as counted by hand") {
  // train a a b a: c(a)=3, c(b)=1, two kinds; after a: a, b; after b: a
  const std::vector<std::int32_t> train = {0, 0, 1, 0}, val = {0, 1};
  const Baselines b = count_baselines(train, val, 4);
  REQUIRE(b.uniform == Approx(std::log(4.0)));
  const double p_b = (1 + 2 * 0.25) / (4 + 2);
  REQUIRE(b.unigram == Approx(-std::log(p_b)));
  const double p_b_after_a = (1 + 2 * p_b) / (2 + 2);
  REQUIRE(b.bigram == Approx(-std::log(p_b_after_a)));
  REQUIRE(b.five_gram == Approx(-std::log(p_b_after_a)));  // val's one prediction has but one token before it
}

TEST_CASE("a longer history predicts a repeating text better, and unseen tokens cost finitely much") {
  std::vector<std::int32_t> text;
  for (int i = 0; i < 3000; ++i) text.push_back("abcabd"[i % 6] - 'a');
  const std::span<const std::int32_t> all = text;
  const Baselines b = count_baselines(all.first(2700), all.last(300), 10);
  REQUIRE(b.unigram < b.uniform);
  REQUIRE(b.bigram < b.unigram / 2);
  REQUIRE(b.five_gram < 0.02);
  REQUIRE(b.counted == 2700);
  const std::vector<std::int32_t> unseen = {8, 9, 8};
  REQUIRE(std::isfinite(count_baselines(all, unseen, 10).five_gram));
  REQUIRE_THROWS_WITH(count_baselines(all, all.first(1), 10), Catch::Contains("predict none"));
}

}  // namespace heddle
