#include "data/text/dataset.h"

#include <catch2/catch.hpp>
#include <set>

#include "data/sampler.h"
#include "tests/data/text/text_fixture.h"
#include "tests/packed.h"
#include "tests/real_data.h"
#include "tests/temporary_folder.h"

namespace heddle {

TEST_CASE("the tokens are split by their number, and their text is counted by characters and by bytes") {
  const TemporaryFolder folder;
  TextConfig config = text_at(folder.write("t.txt", "ääääaaaaäb"));
  config.split.val_fraction = 0.2;
  const auto text = load_text(config, 1);
  REQUIRE(text->tokens(Split::train).size() == 8);
  REQUIRE(text->tokens(Split::val).ids() == std::vector<std::int32_t>{2, 1});
  REQUIRE(text->tokens(Split::test).size() == 0);
  REQUIRE(text->text_size(Split::val).characters == 2);
  REQUIRE(text->text_size(Split::val).bytes == 3);
  REQUIRE(text->text_size(Split::train).bytes == 12);
  config.tokenizer.kind = "byte";
  const auto bytes = load_text(config, 1);
  REQUIRE(bytes->tokens(Split::train).size() == 12);
  REQUIRE(bytes->text_size(Split::val).characters == 2);
  REQUIRE(bytes->text_size(Split::val).bytes == 3);
  REQUIRE(bytes->fingerprint() == text->fingerprint());
  config.split.val_fraction = 0.3;
  config.split.test_fraction = 0.2;
  const auto three = load_text(config, 1);
  REQUIRE(three->tokens(Split::train).size() == 7);
  REQUIRE(three->tokens(Split::val).size() == 5);
  REQUIRE(three->tokens(Split::test).size() == 3);
  REQUIRE_THAT(three->describe(), Catch::Contains("7 train, 5 validate, 3 test"));
}

TEST_CASE("a split may have files of its own, by path or by a pattern on their names") {
  const TemporaryFolder folder;
  folder.write("texts/a_1.txt", "abcabcabca");
  folder.write("texts/a_2.txt", "ccccccc");
  folder.write("texts/b_1.txt", "bbbbb");
  const std::string judge = folder.write("judge.txt", "dadadada");
  TextConfig config = text_at(folder.path("texts"));
  config.separator = "none";
  config.split.val_files = {"b_*"};
  config.split.test_files = {"*_[2-9].txt"};
  const auto by_name = load_text(config, 2);
  CHECK(by_name->tokens(Split::train).ids() == std::vector<std::int32_t>{0, 1, 2, 0, 1, 2, 0, 1, 2, 0});
  CHECK(by_name->tokens(Split::val).ids() == std::vector<std::int32_t>(5, 1));
  CHECK(by_name->tokens(Split::test).ids() == std::vector<std::int32_t>(7, 2));
  config = text_at(folder.path("texts/a_1.txt"));
  config.separator = "none";
  config.split.val_path = {judge};
  const auto by_path = load_text(config, 2);
  CHECK(by_path->tokens(Split::train).size() == 10);  // all of it
  CHECK(by_path->tokens(Split::val).ids() == std::vector<std::int32_t>{3, 0, 3, 0, 3, 0, 3, 0});
  CHECK(by_path->fingerprint() != load_text(text_at(folder.path("texts/a_1.txt")), 0)->fingerprint());
  // kept tokens are found again, of each part
  by_path->keep_in(folder.path(""));
  CHECK(load_text(config, 2, nullptr, folder.path(""))->tokens(Split::val).ids() == by_path->tokens(Split::val).ids());
  const TemporaryFolder other;
  load_text(config, 2, nullptr, folder.path(""))->keep_in(other.path());
  CHECK(other.count() == 0);  // and not written again
  by_path->keep_in(other.path());
  CHECK(other.count() == 0);
  config.split.test_files = {"*.md"};
  CHECK_THROWS_WITH(load_text(config, 2), Catch::Contains("data.test_files = *.md fits the name of no file"));
  config = text_at(folder.path("texts"));
  config.split.val_files = {"*"};
  CHECK_THROWS_WITH(load_text(config, 2), Catch::Contains("no file is left to train on"));
  config = text_at(judge);
  config.split.val_fraction = 0.5;
  config.split.test_fraction = 0.5;
  CHECK_THROWS_WITH(load_text(config, 2), Catch::Contains("leave nothing to train on"));
}

TEST_CASE("targets are the inputs' next tokens, from one end of the text to the other") {
  const TextDataset text = counting_text(20, 8, 20);
  CHECK(text.places(Split::train) == 12);  // every place that a whole window fits
  for (index_t begin = 0; begin < 12; ++begin) {
    const Batch batch = text.get(Split::train, std::vector<index_t>{begin, begin});
    REQUIRE(batch.count() == 16);
    for (index_t i = 0; i < 16; ++i) {
      REQUIRE(batch.inputs[i] == begin + i % 8);
      REQUIRE(batch.targets[i] == batch.inputs[i] + 1);
    }
  }
  CHECK_THROWS_WITH(text.get(Split::train, std::vector<index_t>{19}), Catch::Contains("no window begins at token 19"));
}

TEST_CASE("examples predict every token after the first once, and the last is filled up") {
  const index_t size = GENERATE(9, 16, 17, 18, 25);
  const TextDataset text = counting_text(9, 8, size);
  std::vector<int> predicted(static_cast<std::size_t>(size), 0);
  for (index_t w = 0; w < text.size(Split::val); ++w) {
    const Batch batch = get_examples(text, Split::val, w, 1);
    for (index_t i = 0; i < 8; ++i) {
      if (batch.targets[i] == kIgnore) continue;
      REQUIRE(batch.targets[i] == batch.inputs[i] + 1);
      ++predicted[static_cast<std::size_t>(batch.targets[i])];
    }
  }
  CHECK(predicted[0] == 0);
  for (std::size_t i = 1; i < predicted.size(); ++i) CHECK(predicted[i] == 1);
  CHECK(counting_text(9, 8, 9).size(Split::test) == 0);
}

TEST_CASE("a text that cannot be used is refused with its path and what to do") {
  const TemporaryFolder folder;
  const auto load = [](const std::string& path) { return load_text(text_at(path), 8); };
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
  TextConfig bytes = text_at(folder.path("bad.txt"));
  bytes.tokenizer.kind = "byte";
  REQUIRE(load_text(bytes, 8)->tokenizer()->vocab_size() == 256);
}

TEST_CASE("a NUL byte is refused where tokens are characters or words, and told where they are bytes") {
  const TemporaryFolder folder;
  const std::string path =
      folder.write("t.txt", std::string(300, 'x') + std::string(1, '\0') + "\n" + std::string(99, 'y'));
  TextConfig config = text_at(path);
  TextConfig other = text_at(folder.write("other.txt", std::string(50, 'x') + " " + std::string(50, 'y')));
  other.tokenizer.min_count = 1;
  const std::string told = "text: " + path + ": byte 300 is NUL";
  for (const char* kind : {"char", "word", "letters"}) {
    config.tokenizer.kind = other.tokenizer.kind = kind;
    CHECK_THROWS_WITH(load_text(config, 1), Catch::StartsWith(told));
    const DataState known = load_text(other, 0)->state();
    CHECK_THROWS_WITH(load_text(config, 1, &known), Catch::StartsWith(told));
  }
  for (const char* kind : {"byte", "bpe"}) {
    config.tokenizer.kind = other.tokenizer.kind = kind;
    const auto text = load_text(config, 1);
    REQUIRE(text->notices().size() == 1);
    CHECK_THAT(text->notices()[0], Catch::StartsWith(told));
    CHECK(load_text(other, 0)->notices().empty());
  }
}

TEST_CASE("a packed text gives the tokens and the fingerprint of the text") {
  const TemporaryFolder folder;
  const std::string text = "some text, ääh\nand more of it\n";
  const auto plain = load_text(text_at(folder.write("t.txt", text)), 1);
  for (const std::string& bytes : {gzip(text), zstd(text), "\xEF\xBB\xBF" + text}) {
    const auto packed = load_text(text_at(folder.write("packed", bytes)), 1);
    CHECK(packed->tokens(Split::train).ids() == plain->tokens(Split::train).ids());
    CHECK(packed->tokens(Split::val).ids() == plain->tokens(Split::val).ids());
    CHECK(packed->fingerprint() == plain->fingerprint());
  }
}

TEST_CASE("a byte that is not UTF-8 is named by its own file and place in a folder") {
  const TemporaryFolder folder;
  folder.write("texts/a.txt", "no line's end");
  folder.write("texts/b/empty.txt", "");
  folder.write("texts/b/image.png", "\x89PNG");
  folder.write("texts/c.txt", "later");
  REQUIRE_THROWS_WITH(load_text(text_at(folder.path("texts")), 8),
                      Catch::Contains("texts/b/image.png: byte 0 is not UTF-8"));
  folder.write("texts/b/image.png", "ab\x89");
  REQUIRE_THROWS_WITH(load_text(text_at(folder.path("texts")), 8),
                      Catch::Contains("texts/b/image.png: byte 2 is not UTF-8"));
}

TEST_CASE("a model's tokenizer reads another text, and names what it cannot by the place in the file") {
  const TemporaryFolder folder;
  const std::shared_ptr<const Tokenizer> tokenizer = train_tokenizer(TokenizerOptions(), read_from("xyz"));
  DataState known;
  known.tokenizer = tokenizer->state();
  const auto load = [&](const TextConfig& config) { return load_text(config, 4, &known); };
  REQUIRE(load(text_at(folder.write("good.txt", std::string(100, 'z'))))->tokens(Split::val).ids() ==
          std::vector<std::int32_t>(10, 2));
  const std::string early = folder.write("early.txt", "xé" + std::string(100, 'x'));
  REQUIRE_THROWS_WITH(load(text_at(early)), Catch::Contains("early.txt: char tokenizer: 'é' (U+00E9) at byte 1 "));
  const std::string late = folder.write("late.txt", std::string(99, 'x') + "é");
  REQUIRE_THROWS_WITH(load(text_at(late)), Catch::Contains("late.txt: char tokenizer: 'é' (U+00E9) at byte 99 "));
  TextConfig bytes = text_at(folder.path("good.txt"));
  bytes.tokenizer.kind = "byte";
  bytes.tokenizer.file = "gone.json";  // a run that is resumed may have lost it
  REQUIRE(load(bytes)->notices() ==
          std::vector<std::string>{"data.tokenizer = byte is not used: the model reads tokens of the kind char"});
}

TEST_CASE("another run's tokenizer reads a text in the place of the config's, and no tokens that are encoded already") {
  const TemporaryFolder folder;
  DataState wide, bytes;
  wide.tokenizer = train_tokenizer(TokenizerOptions(), read_from("wxyz"))->state();
  const std::string text = folder.write("text", std::string(100, 'z'));
  LoadOptions options{1, 4, nullptr, {}, {}, &wide};
  TextConfig config = text_at(text);
  config.tokenizer.kind = "bpe";
  config.tokenizer.file = "none.json";  // not even looked for
  const auto dataset = config.load(options);
  CHECK(dataset->state().tokenizer == wide.tokenizer);
  CHECK(dataset->notices() ==
        std::vector<std::string>{"data.tokenizer_file = none.json is not used: the run begins with another one's "
                                 "tokenizer",
                                 "data.tokenizer = bpe is not used: the model reads tokens of the kind char"});
  CHECK_THROWS_WITH(text_at(folder.write("other", std::string(100, 'a'))).load(options), Catch::Contains("U+0061"));
  // the kind that reads decides what a text may be, not the one that the config names
  TokenizerOptions any;
  any.kind = "byte";
  bytes.tokenizer = train_tokenizer(any, read_from(""))->state();
  const std::string binary = folder.write("binary", std::string(99, '\xFF') + std::string(9, '\0'));
  CHECK_THROWS_WITH(text_at(binary).load({1, 4, nullptr, {}, {}, &wide}), Catch::Contains("is NUL"));
  CHECK(text_at(binary).load({1, 4, nullptr, {}, {}, &bytes})->state().tokenizer == bytes.tokenizer);
  // special tokens that are asked for must be there; a run that had no tokenizer has none to give
  TextConfig masked = text_at(text);
  masked.tokenizer.specials = {"[MASK]"};
  CHECK_THROWS_WITH(masked.load(options), Catch::StartsWith("run.init: the other run's vocabulary has no special "
                                                            "token [MASK]"));
  // words that are counted, are counted there
  TokenizerOptions word;
  word.kind = "word";
  const DataState counted{train_tokenizer(word, read_from("zz zz"))->state()};
  std::string repeated;
  for (int i = 0; i < 40; ++i) repeated += "zz ";
  const auto words = text_at(folder.write("words", repeated)).load({1, 1, nullptr, {}, {}, &counted});
  CHECK(words->state().tokenizer.counts == counted.tokenizer.counts);
  CHECK_THAT(words->notices().at(1), Catch::StartsWith("run.init: how often words come"));
  const DataState none;
  CHECK(text_at(text).load({1, 4, nullptr, {}, {}, &none})->state().tokenizer.pieces.size() == 1);
  // encoded tokens bring their own
  load_text(text_at(text), 4)->keep_in(folder.path());
  const TokenizerState narrow = load_text(text_at(text), 4)->state().tokenizer;
  CHECK(text_at(folder.path("tokens.h5")).load(options)->state().tokenizer == narrow);
  TextConfig both = text_at(text);
  both.split.val_path = {folder.path("tokens.h5")};
  CHECK_THROWS_WITH(both.load(options), Catch::Contains("another tokenizer than the training part"));
}

TEST_CASE("tiny shakespeare is split and numbered as nanoGPT does") {
  const std::string path = real_data("tinyshakespeare/input.txt");
  if (path.empty()) return;
  const auto text = load_text(text_at(path), 64);
  const Tokenizer& tokenizer = *text->tokenizer();
  REQUIRE(tokenizer.vocab_size() == 65);
  REQUIRE(text->tokens(Split::train).size() == 1003854);
  REQUIRE(text->tokens(Split::val).size() == 111540);
  REQUIRE(tokenizer.encode("\n !z") == Tokenizer::Ids{0, 1, 2, 64});
  REQUIRE(tokenizer.decode(text->tokens(Split::train).ids()) + tokenizer.decode(text->tokens(Split::val).ids()) ==
          read_bytes(path));
}

TEST_CASE("what stands between files is a line end, nothing, or a text that may be one token") {
  const TemporaryFolder folder;
  folder.write("texts/1", "ab");
  folder.write("texts/2", "cd");
  folder.write("texts/3", std::string(20, 'e'));
  TextConfig config = text_at(folder.path("texts"));
  const auto decoded = [&] {
    const auto text = load_text(config, 2);
    return text->tokenizer()->decode(text->tokens(Split::train).ids());
  };
  CHECK(decoded().starts_with("ab\ncd\ne"));
  config.separator = "none";
  CHECK(decoded().starts_with("abcde"));
  config.separator = "<|endoftext|>";
  CHECK(load_text(config, 2)->tokens(Split::train).size() > 30);
  config.tokenizer.specials = {"<|endoftext|>"};
  CHECK(decoded().starts_with("ab<|endoftext|>cd<|endoftext|>e"));
  const std::vector<std::int32_t> ids = load_text(config, 2)->tokens(Split::train).ids();
  CHECK(ids[2] == ids[5]);
  CHECK(ids[2] == 5);  // behind a to e
}

TEST_CASE("text that is not UTF-8 is refused where words or characters are to be told, by its place") {
  const TemporaryFolder folder;
  TextConfig config = text_at(folder.write("latin1", "some words caf\xE9 and more"));
  for (const char* kind : {"char", "word", "letters"}) {
    config.tokenizer.kind = kind;
    CHECK_THROWS_WITH(load_text(config, 2), Catch::Contains("latin1: byte 14 is not UTF-8"));
  }
  for (const char* kind : {"byte", "bpe"}) {
    config.tokenizer.kind = kind;
    CHECK(load_text(config, 2)->tokens(Split::train).size() > 0);
  }
}

TEST_CASE("the share of a text that is outside the vocabulary is told, from a tenth on with what to do") {
  const TemporaryFolder folder;
  std::string text;
  for (int i = 0; i < 95; ++i) text += "ab ";
  for (const char* word : {"c", "d", "e", "f", "g"}) text += std::string(word) + ' ';
  TextConfig config = text_at(folder.write("text", text));
  config.tokenizer.kind = "letters";
  config.split.val_path = {folder.write("known", "ab ab ab ab")};
  const auto few = load_text(config, 2);
  REQUIRE(few->notices().size() == 1);
  CHECK(few->notices()[0] == "text: " + folder.path("text") + ": 5.0 % of 100 tokens are outside the vocabulary");
  config.tokenizer.min_count = 1;
  CHECK(load_text(config, 2)->notices().empty());
  config.tokenizer.min_count = 2;
  folder.write("text", text + "h i j k l m n o ");
  CHECK_THAT(load_text(config, 2)->notices().at(0), Catch::StartsWith("WARNING: ") &&
                                                        Catch::Contains("12.0 % of 108 tokens") &&
                                                        Catch::Contains("data.vocab_size"));
  LoadOptions options{1, 2, &few->state()};
  config.split = text_at(folder.write("other", "der K\xC3\xB6nig sprach")).split;
  config.split.val_path = config.split.path;
  CHECK_THAT(config.load(options)->notices().at(0),
             Catch::Contains("100.0 % of 3 tokens") && Catch::Contains("language"));
}

TEST_CASE("the description says which text validates") {
  const TemporaryFolder folder;
  folder.write("texts/1", std::string(60, 'a') + '\n');
  folder.write("texts/2", std::string(38, 'b') + '\n');
  TextConfig config = text_at(folder.path("texts"));
  config.split.val_fraction = 0.2;
  CHECK_THAT(load_text(config, 2)->describe(),
             Catch::EndsWith("20 validate; what validates begins at about " + folder.path("texts/2") + ": byte 19"));
  config.split.val_files = {"2"};
  CHECK_THAT(load_text(config, 2)->describe(), Catch::EndsWith("; what validates is " + folder.path("texts/2")));
  CHECK_THAT(load_text(text_at("builtin:kingdom"), 2)->describe(), !Catch::Contains("what validates"));
}

TEST_CASE("a file whose name fits the patterns of both is for the test alone") {
  const TemporaryFolder folder;
  folder.write("texts/a.txt", "aaaaaaaa");
  folder.write("texts/b_val.txt", "bbbbbbbbb");
  folder.write("texts/c_val_test.txt", "cccccccccc");
  TextConfig config = text_at(folder.path("texts"));
  config.separator = "none";
  config.split.val_files = {"*_val*"};
  config.split.test_files = {"*_test.txt"};
  const auto text = load_text(config, 2);
  CHECK(text->tokens(Split::train).ids() == std::vector<std::int32_t>(8, 0));
  CHECK(text->tokens(Split::val).ids() == std::vector<std::int32_t>(9, 1));
  CHECK(text->tokens(Split::test).ids() == std::vector<std::int32_t>(10, 2));
}

TEST_CASE("the text of each split is in the fingerprint, and its characters in the vocabulary") {
  const TemporaryFolder folder;
  TextConfig config = text_at(folder.write("train.txt", "aaaaaaaa"));
  config.separator = "none";
  config.split.val_path = {folder.write("val.txt", "bbbbbbbb")};
  config.split.test_path = {folder.write("test.txt", "cccccccc")};
  const auto before = load_text(config, 2);
  CHECK(before->tokens(Split::val).ids() == std::vector<std::int32_t>(8, 1));
  CHECK(before->tokens(Split::test).ids() == std::vector<std::int32_t>(8, 2));
  for (const char* name : {"train.txt", "val.txt", "test.txt"}) {
    const std::string kept = read_bytes(folder.path(name));
    folder.write(name, kept + "aabbcc");
    CHECK(load_text(config, 2)->fingerprint() != before->fingerprint());
    folder.write(name, kept);
  }
  CHECK(load_text(config, 2)->fingerprint() == before->fingerprint());
}

TEST_CASE("a text that is judged whole is a test split alone, of which none is held out") {
  const TemporaryFolder folder;
  const std::string path = folder.write("a.txt", "abcabcabcabcabcabcabc");
  const DataState known = load_text(text_at(path), 1)->state();
  TextConfig config = text_at(path);
  CHECK_THAT(load_text(config, 1)->describe(), Catch::Contains("what validates begins"));
  config.split = SplitConfig::whole_of({path});
  const auto whole = load_text(config, 50, &known);
  CHECK(whole->tokens(Split::test).size() == 21);
  CHECK(whole->tokens(Split::train).size() + whole->tokens(Split::val).size() == 0);
  CHECK_THAT(whole->describe(), !Catch::Contains("what validates"));
}

TEST_CASE("a byte that is not UTF-8 is named by its place, however far into the text") {
  const TemporaryFolder folder;
  const std::string text(9 << 20, 'a');  // more than is read at a time
  const TextConfig config = text_at(folder.write("long.txt", text + "\xC3\xA4" + '\xFF'));
  CHECK_THROWS_WITH(load_text(config, 2), Catch::Contains("byte " + std::to_string(text.size() + 2) + " is not UTF-8"));
}

}  // namespace heddle
