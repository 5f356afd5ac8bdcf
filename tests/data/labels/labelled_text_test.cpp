#include "data/labels/labelled_text.h"

#include <catch2/catch.hpp>
#include <functional>
#include <set>

#include "data/sampler.h"
#include "tests/real_data.h"
#include "tests/temporary_folder.h"

namespace heddle {
namespace {

using Catch::Matchers::Contains;
using Ids = Tokenizer::Ids;

/// A config of a file's texts, as words: 0 is <unk>, the special tokens are the last.
LabelledTextConfig words(const std::string& path) {
  LabelledTextConfig config;
  config.split.path = {path};
  config.split.val_fraction = 0.25;
  config.tokenizer.kind = "word";
  config.tokenizer.min_count = 1;
  return config;
}

std::unique_ptr<LabelledTextDataset> load(const LabelledTextConfig& config, index_t block_size = 0,
                                          const DataState* known = nullptr) {
  std::unique_ptr<Dataset> dataset = config.load({1, block_size, known, {}, {}});
  return std::unique_ptr<LabelledTextDataset>(dynamic_cast<LabelledTextDataset*>(dataset.release()));
}

Ids values(const IdTensor& ids) { return {ids.data(), ids.data() + ids.numel()}; }
std::vector<real> values(const Tensor& x) { return {x.span().begin(), x.span().end()}; }

/// By their words: "[CLS] a b [SEP]" of a row.
std::string words_of(const LabelledTextDataset& data, const Batch& batch, index_t row) {
  const auto tokenizer = make_tokenizer(data.state().tokenizer);
  std::string text;
  for (index_t t = 0; t < batch.inputs.size(1); ++t) {
    if (batch.mask.data()[row * batch.inputs.size(1) + t] == 0) continue;
    text += (text.empty() ? "" : " ") + tokenizer->piece(batch.inputs[row * batch.inputs.size(1) + t]);
  }
  return text;
}

constexpr const char* kSome = "a b c\tgood\nb\tbad\nc a\tgood\nb b b b\tbad\n";

}  // namespace

TEST_CASE("texts stand between [CLS] and [SEP], padded with 0, and have their classes") {
  const TemporaryFolder folder;
  const auto data = load(words(folder.write("a.tsv", kSome)));
  CHECK(data->size(Split::train) == 3);
  CHECK(data->size(Split::val) == 1);
  CHECK(data->size(Split::test) == 0);
  CHECK(data->state().labels == std::vector<std::string>{"bad", "good"});
  CHECK(data->state().spec().tokens.size() == 1 + 3 + 3);
  const Batch batch = data->get(Split::train, std::vector<index_t>{1, 0, 2});
  CHECK(batch.inputs.shape() == Shape{3, 5});
  CHECK(words_of(*data, batch, 0) == "[CLS] b [SEP]");
  CHECK(words_of(*data, batch, 1) == "[CLS] a b c [SEP]");
  CHECK(words_of(*data, batch, 2) == "[CLS] c a [SEP]");
  CHECK(values(batch.mask) == std::vector<real>{1, 1, 1, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0});
  for (const index_t padding : {3, 4, 14}) CHECK(batch.inputs[padding] == 0);
  CHECK(values(batch.segments) == Ids(15, 0));
  CHECK(values(batch.targets) == Ids{0, 1, 1});
  CHECK(words_of(*data, get_examples(*data, Split::val, 0, 1), 0) == "[CLS] b b b b [SEP]");
  CHECK(data->length(Split::train, 0) == 5);
  CHECK(data->length(Split::train, 1) == 3);
  CHECK(data->texts(Split::val, 0) == std::vector<std::string>{"b b b b"});
  CHECK(data->class_of(Split::train, 2) == 1);
  CHECK_THROWS_WITH(data->get(Split::val, std::vector<index_t>{1}), Contains("no example 1 of 1"));
}

TEST_CASE("pairs of texts are segments 0 and 1, and the longer one is cut first") {
  const TemporaryFolder folder;
  LabelledTextConfig config = words(folder.write("a.tsv", "x\ta b c a b\tb c\nx\ta\tb\ny\tc\tb\ny\ta\tc c c c c c\n"));
  config.text = {"2", "3"};
  config.label = "1";
  const auto whole = load(config);
  const Batch batch = get_examples(*whole, Split::train, 0, 2);
  CHECK(words_of(*whole, batch, 0) == "[CLS] a b c a b [SEP] b c [SEP]");
  CHECK(values(batch.segments) == Ids{0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0});
  CHECK(whole->notices().empty());
  const auto cut = load(config, 7);
  CHECK(words_of(*cut, get_examples(*cut, Split::train, 0, 1), 0) == "[CLS] a b [SEP] b c [SEP]");
  CHECK(words_of(*cut, get_examples(*cut, Split::val, 0, 1), 0) == "[CLS] a [SEP] c c c [SEP]");
  REQUIRE(cut->notices().size() == 2);
  CHECK_THAT(cut->notices()[0], Contains("1 of 3 texts to train") && Contains("model.block_size = 7"));
  CHECK_THAT(cut->notices()[1], Contains("1 of 1 texts to val"));
  CHECK(load(config, 10)->notices().empty());
  CHECK(load(config, 9)->notices().size() == 2);
  CHECK_THROWS_WITH(load(config, 3), Contains("model.block_size = 3 has no room for text"));
  CHECK(words_of(*load(config, 4), get_examples(*load(config, 4), Split::train, 1, 1), 0) == "[CLS] a [SEP] [SEP]");
  config.text = {"1", "2", "3"};
  CHECK_THROWS_WITH(load(config), Contains("data.text: names 3 columns"));
}

TEST_CASE("columns are found by name where there is a header, and each split may have files of its own") {
  const TemporaryFolder folder;
  LabelledTextConfig config = words(folder.write("train.csv", "class,words\n1,\"a, b\"\n0,c\n"));
  config.split.val_path = {folder.write("val.csv", "words,class\nc c,0\n")};
  config.split.test_path = {folder.write("test.tsv", "words\tmore\tclass\nb\t\t1\n\"a\t-\t0\n")};
  config.header = true;
  config.text = {"words"};
  config.label = "class";
  const auto data = load(config);
  CHECK(data->size(Split::train) == 2);
  CHECK(data->texts(Split::train, 0)[0] == "a, b");
  CHECK(data->texts(Split::val, 0)[0] == "c c");
  CHECK(data->texts(Split::test, 1)[0] == "\"a");
  CHECK(data->class_of(Split::test, 0) == 1);
  CHECK_THAT(data->describe(), Contains("2 classes") && Contains("2 train, 1 validate, 2 test"));
}

TEST_CASE("a vocabulary is learned from the training texts alone, and no token reaches over a text's end") {
  const TemporaryFolder folder;
  std::string rows;
  for (int i = 0; i < 40; ++i) rows += "xy\t0\nzz\t1\n";
  LabelledTextConfig config;
  config.split.path = {folder.write("train.tsv", rows)};
  config.split.val_path = {folder.write("val.tsv", "qqqqqqqqqqqqqqqqqqqqqqqqqqqq\t0\n")};
  config.tokenizer.vocab_size = 300;
  config.tokenizer.pattern = "none";
  const auto data = load(config);
  const auto& pieces = data->state().tokenizer.pieces;
  const std::vector<std::string> learned(pieces.begin() + 256, pieces.end());
  CHECK(std::set<std::string>(learned.begin(), learned.end()) ==
        std::set<std::string>{"xy", "zz", "[CLS]", "[SEP]", "[MASK]"});
  // of characters all are known, wherever they are
  config.tokenizer.kind = "char";
  CHECK(load(config)->state().tokenizer.pieces.size() == 4 + 3);
}

TEST_CASE("a text that spells a special token is text") {
  const TemporaryFolder folder;
  const auto data = load(words(folder.write("a.tsv", "a [SEP] b\t1\na [ SEP ]\t2\nb\t1\na [MASK] b\t2\n")));
  CHECK(words_of(*data, get_examples(*data, Split::train, 0, 1), 0) == "[CLS] a [ SEP ] b [SEP]");
}

TEST_CASE("a model's own vocabulary and classes read other texts") {
  const TemporaryFolder folder;
  const auto data = load(words(folder.write("a.tsv", kSome)));
  const DataState state = data->state();
  LabelledTextConfig other = words(folder.write("b.tsv", "c new\tgood\na\tgood\n"));
  other.split.val_fraction = 0.5;
  const auto again = load(other, 0, &state);
  CHECK(words_of(*again, get_examples(*again, Split::train, 0, 1), 0) == "[CLS] c <unk> [SEP]");
  CHECK(again->class_of(Split::train, 0) == 1);
  CHECK(again->state().labels == state.labels);
  CHECK(again->fingerprint() != data->fingerprint());
  CHECK(load(words(folder.path("a.tsv")))->fingerprint() == data->fingerprint());
  CHECK(load(words(folder.write("c.tsv", "a b c\tbad\nb\tgood\nc a\tgood\nb b b b\tbad\n")))->fingerprint() !=
        data->fingerprint());
  // of the run that a new one begins from, which has classes of its own
  LoadOptions options;
  options.start = &state;
  LabelledTextConfig letters = words(folder.write("d.tsv", "a new\tyes\nb\tno\na a\tyes\nb\tno\n"));
  letters.tokenizer.kind = "char";
  const auto begun = letters.load(options);
  CHECK(begun->state().tokenizer == state.tokenizer);
  CHECK(begun->state().labels == std::vector<std::string>{"no", "yes"});
  CHECK_THAT(begun->notices().at(0), Catch::StartsWith("data.tokenizer = char is not used"));
  const DataState none;
  CHECK_THROWS_WITH(load(other, 0, &none), Contains("without a tokenizer") || Contains("was not trained on"));
  DataState fewer = state;
  fewer.tokenizer.specials.clear();
  CHECK_THROWS_WITH(load(other, 0, &fewer), Contains("no special token [CLS]"));
}

TEST_CASE("texts that cannot be used are refused by their place, and with what to do") {
  const TemporaryFolder folder;
  const auto refused = [&](const std::string& text, const std::string& why,
                           const std::function<void(LabelledTextConfig&)>& change = {}) {
    LabelledTextConfig config = words(folder.write("a.tsv", text));
    if (change) change(config);
    INFO(text);
    CHECK_THROWS_WITH(load(config), Contains(why));
  };
  refused("a\n", "a.tsv:1 has no column 2 (data.label); it has 1 column; set data.header = true");
  refused("a\t1\nb\nc\t0\n", "a.tsv:2 has 1 columns, the first row 2");
  refused("a\t1\n \t0\n", "a.tsv:2 has no text in column 1");
  refused("a\t1\nb\t \n", "a.tsv:2 has no class in column 2");
  refused("a\t1\nb\xff\t0\n", "a.tsv:2 is not UTF-8");
  refused(std::string("a\t1\nb") + '\0' + "\t0\n", "NUL");
  refused("a\t1\nb\t1\nc\t1\nd\t0\n", "holds the class '0', which no training example has");
  refused("a\t1\n", "a.tsv");  // nothing to validate with
  refused("text\tclass\na\t1\nb\t1\n", "has no column words (data.text)", [](LabelledTextConfig& config) {
    config.header = true;
    config.text = {"words"};
  });
  refused(kSome, "no special token [SEP]; set data.special_tokens",
          [](LabelledTextConfig& config) { config.tokenizer.specials = {"[CLS]"}; });
  const std::string quotes = folder.write("b.csv", "a,1\n\"b,0\n");
  CHECK_THROWS_WITH(load(words(quotes)), Contains("b.csv:2: quotes that begin in this row do not close"));
}

TEST_CASE("the sentences of SST-2 are all read, with their classes") {
  const std::string folder = real_data("sst2");
  if (folder.empty()) return;
  LabelledTextConfig config;
  config.split.path = {folder + "/train.tsv"};
  config.split.val_path = {folder + "/dev.tsv"};
  config.split.test_path = {folder + "/test.tsv"};
  config.tokenizer.kind = "word";
  const auto data = load(config, 64);
  CHECK(data->size(Split::train) == 6920);
  CHECK(data->size(Split::val) == 872);
  CHECK(data->size(Split::test) == 1821);
  index_t positive = 0;
  for (index_t i = 0; i < 1821; ++i) positive += data->class_of(Split::test, i);
  CHECK(positive == 909);
}

}  // namespace heddle
