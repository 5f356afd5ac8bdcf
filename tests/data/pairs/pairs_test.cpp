#include "data/pairs/pairs.h"

#include <catch2/catch.hpp>
#include <numeric>
#include <set>

#include "data/kinds.h"
#include "data/sampler.h"
#include "data/tokenizer/file.h"
#include "tests/data/pairs/pairs_fixture.h"
#include "tests/real_data.h"
#include "tests/temporary_folder.h"

namespace heddle {
namespace {

/// Row `row` of ids, up to the first that is `end`.
Tokenizer::Ids row_of(const IdTensor& ids, index_t row, std::int32_t end) {
  const auto* const from = ids.data() + row * ids.size(1);
  return {from, std::find(from, from + ids.size(1), end)};
}

/// Errors: a batch of these pairs in which not each text, end, mask and padding is as it must be.
void check_batch(const PairsDataset& pairs, Split split, const std::vector<index_t>& places) {
  const Batch batch = pairs.get(split, places);
  const auto [begin, end] = pairs.ends();
  const index_t rows = std::ssize(places), source_width = batch.source.size(1), width = batch.inputs.size(1);
  REQUIRE(batch.source.shape() == Shape{rows, source_width});
  REQUIRE(batch.source_mask.shape() == batch.source.shape());
  REQUIRE(batch.inputs.shape() == Shape{rows, width});
  REQUIRE(batch.targets.shape() == batch.inputs.shape());
  REQUIRE(batch.mask.shape() == batch.inputs.shape());
  REQUIRE_FALSE(batch.features.defined());
  index_t longest_source = 0, longest = 0, targets = 0;
  for (index_t row = 0; row < rows; ++row) {
    const index_t place = places[static_cast<std::size_t>(row)];
    const Tokenizer::Ids from = row_of(batch.source, row, end), to = row_of(batch.targets, row, end);
    REQUIRE(pairs.tokenizer()->decode(from) == pairs.source_text(split, place));
    REQUIRE(pairs.tokenizer()->decode(to) == pairs.target_text(split, place));
    const index_t source_length = std::ssize(from) + 1, length = std::ssize(to) + 1;
    REQUIRE(pairs.length(split, place) == std::max(source_length, length));
    longest_source = std::max(longest_source, source_length);
    longest = std::max(longest, length);
    targets += length;
    for (index_t i = 0; i < source_width; ++i) {
      const index_t at = row * source_width + i;
      REQUIRE(batch.source_mask.data()[at] == (i < source_length ? 1 : 0));
      if (i >= source_length) REQUIRE(batch.source[at] == 0);
    }
    for (index_t i = 0; i < width; ++i) {
      const index_t at = row * width + i;
      REQUIRE(batch.mask.data()[at] == (i < length ? 1 : 0));
      // inputs are the targets one later, behind <s>
      REQUIRE(batch.inputs[at] == (i == 0 ? begin : i < length ? batch.targets[at - 1] : 0));
      if (i >= length) REQUIRE(batch.targets[at] == kIgnore);
    }
  }
  CHECK(source_width == longest_source);
  CHECK(width == longest);
  CHECK(batch.count() == targets);
}

}  // namespace

TEST_CASE("a batch of pairs holds each side with its end, padded to the longest and masked behind") {
  const TemporaryFolder folder;
  const auto pairs = load_pairs(
      pairs_at(folder.write("pairs",
                            "one\ta much longer sentence than that\nand a long one here, too\ttwo\nthree \u4e09\tdrei\n"
                            "four\tvier\n"),
               "1", "2"));
  check_batch(*pairs, Split::train, {0, 1, 2});
  check_batch(*pairs, Split::train, {0});
  check_batch(*pairs, Split::train, {2, 1, 2, 2});
  check_batch(*pairs, Split::val, {0});
  for (const index_t place : {-1, 3})
    CHECK_THROWS_WITH(pairs->get(Split::train, std::vector<index_t>{place}),
                      Catch::Contains(concat_text("no pair ", place, " of 3")));
}

TEST_CASE("the ends of a sentence are the vocabulary's last tokens, and in text they are text") {
  const TemporaryFolder folder;
  const auto pairs =
      load_pairs(pairs_at(folder.write("pairs", "a </s> b <s>\t<s></s>\nc\td\ne\tf\ng\t</s>\n"), "1", "2"));
  const auto [begin, end] = pairs->ends();
  CHECK(begin == pairs->tokenizer()->vocab_size() - 2);
  CHECK(end == begin + 1);
  CHECK(pairs->tokenizer()->piece(begin) == "<s>");
  CHECK(pairs->tokenizer()->piece(end) == "</s>");
  CHECK(pairs->state().spec().tokens.size() == static_cast<std::size_t>(end + 1));
  check_batch(*pairs, Split::train, {0, 1, 2});
  check_batch(*pairs, Split::val, {0});
}

TEST_CASE("the vocabulary is learned from both sides of the training pairs alone, within sentences") {
  const TemporaryFolder folder;
  PairsConfig config = pairs_at(folder.write("train", "ababab ababab\tcdcdcd cdcdcd\nk\tm\nk\tm\nk\tm\n"), "1", "2");
  config.split.val_path = {folder.write("val", "zyzyzyzy zyzyzyzy\tzyzyzyzy zyzyzyzy\n")};
  config.tokenizer.pattern = "none";  // nothing but its ends cuts a sentence
  const auto pairs = load_pairs(config);
  const auto pieces = pairs->tokenizer()->state().pieces;
  const auto has = [&](const std::string& piece) { return std::count(pieces.begin(), pieces.end(), piece) > 0; };
  CHECK(has("ab"));
  CHECK(has("cd"));
  CHECK_FALSE(has("zy"));
  CHECK_FALSE(has("kk"));  // as one sentence would have it that went on in the next
  CHECK_FALSE(has("mm"));
  CHECK(pairs->tokenizer()->state().pattern == "none");
  config.tokenizer.vocab_size = 257;
  CHECK_THROWS_WITH(load_pairs(config), Catch::Contains("256 bytes and 2 special tokens"));
  config.tokenizer.vocab_size = 260;
  CHECK(load_pairs(config)->tokenizer()->vocab_size() == 260);
  config.tokenizer.min_count = 1000;
  CHECK(load_pairs(config)->tokenizer()->vocab_size() == 258);
}

TEST_CASE("training pairs with an empty side are left out, those that judge stay, and both are told") {
  const TemporaryFolder folder;
  folder.write("train.de", "a\n\nb\n \t\nc\n\nd\n");
  folder.write("train.en", "A\nB\n\n\n\u3000\u00a0\n\nD\n");
  folder.write("val.de", "a\n\nc\n\n");
  folder.write("val.en", "A\nB\n\n\n");
  PairsConfig config = pairs_at(folder.path("train"), "de", "en");
  config.split.val_path = config.split.test_path = {folder.path("val")};
  const auto pairs = load_pairs(config);
  CHECK(texts_of(*pairs, Split::train) == std::vector<std::string>{"a|A", "d|D"});
  CHECK(texts_of(*pairs, Split::val) == std::vector<std::string>{"a|A", "|B", "c|", "|"});
  CHECK(texts_of(*pairs, Split::test) == texts_of(*pairs, Split::val));
  CHECK(pairs->notices() == std::vector<std::string>{"pairs: 5 of 7 pairs of train have an empty side and are left out",
                                                     "pairs: 3 of 4 pairs of val have an empty side",
                                                     "pairs: 3 of 4 pairs of test have an empty side"});
  check_batch(*pairs, Split::val, {0, 1, 2, 3});
  check_batch(*pairs, Split::val, {3});
  // a share of the lines is counted with them, so that it does not depend on what is empty
  config.split.val_path = config.split.test_path = {};
  config.split.val_fraction = 0.5;
  CHECK(texts_of(*load_pairs(config), Split::train) == std::vector<std::string>{"a|A"});
  CHECK(load_pairs(config)->size(Split::val) == 4);
  folder.write("train.de", "\n\n\n\n");
  folder.write("train.en", "a\nb\nc\nd\n");
  CHECK_THROWS_WITH(load_pairs(config), Catch::Contains("the training part has 0 pairs, needs at least 1"));
  folder.write("train.de", "a\n");
  folder.write("train.en", "a\n");
  CHECK_THROWS_WITH(load_pairs(config), Catch::Contains("the training part has 0 pairs"));
  config.split.val_fraction = 0.25;
  folder.write("train.de", "a\nb\nc\n");
  folder.write("train.en", "a\nb\nc\n");
  config.split.val_path = {folder.write("empty.de", "").substr(0, folder.path("empty").size())};
  folder.write("empty.en", "");
  CHECK_THROWS_WITH(load_pairs(config), Catch::Contains("the validation part has 0 pairs"));
}

TEST_CASE("sentences that are longer than the model reads are cut with room for an end, and counted") {
  const TemporaryFolder folder;
  PairsConfig config = pairs_at(folder.write("train", "abcdefgh\tABCDE\nabcde\tABCDEF\nabc\tA\n"), "1", "2");
  config.split.val_path = {folder.write("val", "abcdef\tABCDEFGH\n")};
  config.tokenizer.min_count = 1000;  // tokens are bytes
  const auto whole = load_pairs(config), cut = load_pairs(config, 6);
  CHECK(whole->notices().empty());
  CHECK(whole->length(Split::train, 0) == 9);
  CHECK(cut->notices() ==
        std::vector<std::string>{"pairs: 2 sentences of train were cut to 6 tokens (model.block_size)",
                                 "pairs: 2 sentences of val were cut to 6 tokens (model.block_size)"});
  const Batch batch = cut->get(Split::train, std::vector<index_t>{0, 1, 2});
  const auto [begin, end] = cut->ends();
  CHECK(batch.source.size(1) == 6);
  CHECK(batch.inputs.size(1) == 6);
  CHECK(row_of(batch.source, 0, end) == Tokenizer::Ids{'a', 'b', 'c', 'd', 'e'});
  CHECK(row_of(batch.source, 1, end) == Tokenizer::Ids{'a', 'b', 'c', 'd', 'e'});
  CHECK(row_of(batch.targets, 1, end) == Tokenizer::Ids{'A', 'B', 'C', 'D', 'E'});
  CHECK(row_of(batch.targets, 2, end) == Tokenizer::Ids{'A'});
  CHECK(batch.source[5] == end);
  CHECK(cut->length(Split::train, 1) == 6);
  CHECK(cut->target_text(Split::val, 0) == "ABCDEFGH");  // what is compared with is whole
  CHECK(load_pairs(config, 9)->notices().empty());
  CHECK_THROWS_WITH(load_pairs(config, 1), Catch::Contains("raise model.block_size"));
}

TEST_CASE("a known vocabulary, or that of a file, makes the tokens, if it has the ends of sentences") {
  const TemporaryFolder folder;
  const std::string path = folder.write("pairs", "abab abab\tcdcd cdcd\nb\td\n");
  const auto pairs = load_pairs(pairs_at(path, "1", "2"));
  const auto other =
      load_pairs(pairs_at(folder.write("other", "efef efef\tghgh ghgh\nb\td\n"), "1", "2"), 0, &pairs->state());
  CHECK(other->state().tokenizer == pairs->state().tokenizer);
  check_batch(*other, Split::train, {0});

  PairsConfig config = pairs_at(path, "1", "2");
  config.tokenizer.file = folder.path("other.json");
  TokenizerState state = load_pairs(pairs_at(folder.path("other"), "1", "2"))->state().tokenizer;
  write_tokenizer(state, config.tokenizer.file);
  const auto given = load_pairs(config);
  CHECK(given->state().tokenizer == state);
  check_batch(*given, Split::train, {0});

  // of the run that a new one begins from
  LoadOptions options;
  options.start = &pairs->state();
  const auto begun = config.load(options);
  CHECK(begun->state().tokenizer == pairs->state().tokenizer);
  CHECK_THAT(begun->notices().at(0), Catch::StartsWith("data.tokenizer_file = "));

  state.specials.pop_back();  // </s> is a token like any other
  write_tokenizer(state, config.tokenizer.file);
  CHECK_THROWS_WITH(load_pairs(config), Catch::Contains("no special token </s>"));
  DataState words;
  words.tokenizer = train_tokenizer({.kind = "char"}, read_from("<s>"))->state();
  CHECK_THROWS_WITH(load_pairs(config, 0, &words), Catch::Contains("no special token <s>"));
  const DataState none;  // as of images
  CHECK_THROWS_WITH(load_pairs(config, 0, &none), Catch::Contains("without a tokenizer"));
}

TEST_CASE("the fingerprint of pairs changes with each side of each split") {
  const TemporaryFolder folder;
  PairsConfig config = pairs_at(folder.path("train"), "de", "en");
  config.split.val_path = {folder.path("val")};
  config.split.test_path = {folder.path("test")};
  std::vector<std::string> files;
  for (const char* name : {"train", "val", "test"}) {
    for (const char* language : {".de", ".en"})
      files.push_back(folder.write(std::string(name) + language, "a b\nc d\n"));
  }
  const std::uint64_t before = load_pairs(config)->fingerprint();
  CHECK(load_pairs(config)->fingerprint() == before);
  std::set<std::uint64_t> prints = {before};
  for (const std::string& file : files) {
    for (const char* text : {"a b\nc x\n", "a bc\n d\n"}) {
      write_bytes(file, text);
      prints.insert(load_pairs(config)->fingerprint());
    }
    write_bytes(file, "a b\nc d\n");
  }
  CHECK(prints.size() == 1 + 2 * files.size());
}

TEST_CASE("pairs are a kind of data, whose keys name its sides and bpe alone") {
  const DataKind& kind = data_kind("pairs");
  CHECK(kind.content == Content::pairs);
  std::vector<std::string> names;
  for (const Key& key : kind.make()->keys()) {
    names.push_back(key.name);
    if (key.name == "tokenizer") CHECK(key.choices == std::vector<std::string>{"bpe"});
  }
  CHECK(names == std::vector<std::string>{"source", "target", "tokenizer", "tokenizer_file", "vocab_size", "pattern",
                                          "min_count"});
}

TEST_CASE("Multi30k is read in pairs whose tokens are its text, and batches by length waste little") {
  const std::string path = real_data("multi30k");
  if (path.empty()) return;
  PairsConfig config = pairs_at(path + "/train", "de", "en");
  config.split.val_path = {path + "/val"};
  config.split.test_path = {path + "/test_2016_flickr"};
  config.tokenizer.vocab_size = 2000;
  const auto pairs = load_pairs(config, 256);
  CHECK(pairs->size(Split::train) == 29000);
  CHECK(pairs->size(Split::val) == 1014);
  CHECK(pairs->size(Split::test) == 1000);
  CHECK(pairs->notices().empty());
  CHECK(pairs->source_text(Split::test, 0) == "Ein Mann mit einem orangefarbenen Hut, der etwas anstarrt.");
  CHECK(pairs->target_text(Split::test, 0) == "A man in an orange hat starring at something.");
  CHECK(pairs->tokenizer()->vocab_size() == 2000);
  std::vector<index_t> all(1000);
  std::iota(all.begin(), all.end(), 0);
  check_batch(*pairs, Split::test, all);
  const auto sampler = make_sampler(Order::lengths, *pairs, Split::train, {64, 1}, Rng(1));
  index_t shown = 0, counted = 0;
  for (index_t step = 0; step < 50; ++step) {
    const Draw draw = sampler->draw(step, 0);
    if (step == 0) check_batch(*pairs, Split::train, draw.places);
    for (const index_t place : draw.places) counted += pairs->length(Split::train, place);
    const Batch batch = get_batch(*pairs, Split::train, draw);
    shown += batch.rows() * std::max(batch.source.size(1), batch.inputs.size(1));
  }
  CHECK(static_cast<double>(shown) < 1.05 * static_cast<double>(counted));
}

}  // namespace heddle
