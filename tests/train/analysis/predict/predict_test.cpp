#include "train/analysis/predict/predict.h"

#include <catch2/catch.hpp>
#include <cmath>

#include "data/tokenizer/byte.h"
#include "framework/ops.h"
#include "models/gpt.h"
#include "models/mlp.h"

namespace heddle {
namespace {

GPT some_gpt(index_t context) {
  GPTConfig config;
  config.n_layer = 1;
  config.n_head = 2;
  config.n_embd = 16;
  config.context = context;
  return {config, 256, Rng(1)};
}

/// Examples of one number each, to be told a class.
class Numbers final : public Dataset {
 public:
  explicit Numbers(std::vector<real> numbers) : numbers_(std::move(numbers)) {}
  index_t size(Split split) const override { return split == Split::test ? std::ssize(numbers_) : 0; }
  Batch get(Split, std::span<const index_t> places) const override {
    Batch batch;
    batch.features = Tensor({std::ssize(places), 1});
    for (std::size_t i = 0; i < places.size(); ++i)
      batch.features.mutable_data()[i] = numbers_[static_cast<std::size_t>(places[i])];
    batch.targets = IdTensor({std::ssize(places)});
    return batch;
  }
  const DataState& state() const override { return state_; }
  std::uint64_t fingerprint() const override { return 0; }
  std::string describe() const override { return "numbers"; }

 private:
  std::vector<real> numbers_;
  DataState state_;
};

/// Likes the token that is as many behind the one before a hidden one as `step` says, by a score of 3.
class NextLetters final : public TokenFiller {
 public:
  NextLetters(index_t vocabulary, std::int32_t step) : vocabulary_(vocabulary), step_(step) {}
  Tensor token_scores(const Batch& batch, const IdTensor& places, Context&) override {
    shown = {batch.inputs.data(), batch.inputs.data() + batch.inputs.numel()};
    Tensor scores = Tensor::zeros({places.numel(), vocabulary_});
    for (index_t i = 0; i < places.numel(); ++i)
      scores.mutable_data()[i * vocabulary_ + batch.inputs[places[i] - 1] + step_] = 3;
    return scores;
  }
  index_t context_size() const override { return 12; }
  std::vector<std::int32_t> shown;

 private:
  index_t vocabulary_;
  std::int32_t step_;
};

std::unique_ptr<Tokenizer> letters(const std::vector<std::string>& specials) {
  TokenizerOptions options;
  options.kind = "char";
  options.specials = specials;
  return train_tokenizer(options, read_from("abcdefgh "));
}

}  // namespace

TEST_CASE("the likeliest tokens for each hidden one come in its order, by what stands around it") {
  const auto tokenizer = letters({"[CLS]", "[SEP]", "[MASK]"});
  const index_t vocabulary = tokenizer->vocab_size();
  NextLetters model(vocabulary, 1);
  const auto found = fill_in(model, *tokenizer, "ab[MASK] e[MASK]", 2, Precision::f32);
  REQUIRE(found.size() == 2);
  CHECK(found[0].input == "ab[MASK]");
  CHECK(found[1].input == "ab[MASK] e[MASK]");
  REQUIRE(found[0].best.size() == 2);
  CHECK(found[0].best[0].name == "c");
  CHECK(found[1].best[0].name == "f");
  const double rest = static_cast<double>(vocabulary) - 1;
  CHECK(found[0].best[0].probability == Approx(std::exp(3) / (rest + std::exp(3))).epsilon(1e-5));
  CHECK(found[0].best[1].name == tokenizer->piece(0));  // of equals the first
  const auto id = [&](const char* special) { return *special_token(tokenizer->state(), special); };
  CHECK(model.shown.size() == 8);
  CHECK(model.shown.front() == id("[CLS]"));
  CHECK(model.shown.back() == id("[SEP]"));
  CHECK(std::count(model.shown.begin(), model.shown.end(), id("[MASK]")) == 2);
  CHECK_THROWS_WITH(fill_in(model, *tokenizer, "ab", 2, Precision::f32), Catch::Contains("holds no [MASK]"));

  // a word's token holds the blank before it, which is then hidden with it
  TokenizerOptions pairs;
  pairs.kind = "bpe";
  pairs.vocab_size = 258;
  pairs.specials = {"[MASK]"};
  const auto merged = train_tokenizer(pairs, read_from("a b a b a b"));
  NextLetters blank(merged->vocab_size(), 1);
  fill_in(blank, *merged, "a [MASK] a[MASK]  [MASK]", 1, Precision::f32);
  const std::int32_t mask = *special_token(merged->state(), "[MASK]");
  std::vector<std::int32_t> wanted = {'a', mask};
  for (const std::int32_t token : merged->encode(" a")) wanted.push_back(token);
  wanted.insert(wanted.end(), {mask, ' ', mask});
  CHECK(blank.shown == wanted);

  fill_in(model, *tokenizer, "aaaaaaaaa[MASK]", 1, Precision::f32);
  CHECK(model.shown.size() == 12);
  CHECK_THROWS_WITH(fill_in(model, *tokenizer, "aaaaaaaaaa[MASK]", 1, Precision::f32),
                    Catch::Contains("has 13 tokens with [CLS] and [SEP], the model sees 12"));
  fill_in(model, *tokenizer, "a [MASK]", 1, Precision::f32);  // a blank by itself is a token as any other
  CHECK(model.shown.size() == 5);

  const auto bare = letters({"[MASK]"});
  NextLetters other(bare->vocab_size(), 1);
  CHECK(fill_in(other, *bare, "a[MASK]", 1, Precision::f32)[0].best[0].name == "b");
  CHECK(other.shown.size() == 2);
  CHECK_THROWS_WITH(fill_in(other, *letters({}), "a[MASK]", 1, Precision::f32),
                    Catch::Contains("no special token [MASK]"));
}

TEST_CASE("a text's tokens have the log-probabilities that make up its loss") {
  GPT model = some_gpt(16);
  const auto tokenizer = make_byte_tokenizer(train_byte_tokenizer({}, {}));
  const std::string text = "the king sat";
  const auto scores = score_tokens(model, *tokenizer, text, Precision::f32);
  REQUIRE(scores.size() == text.size());
  CHECK(std::isnan(scores[0].log_probability));
  double sum = 0;
  Batch batch;
  batch.inputs = batch.targets = IdTensor({1, std::ssize(text) - 1});
  for (std::size_t i = 0; i < text.size(); ++i) {
    CHECK(scores[i].token == text.substr(i, 1));
    CHECK(scores[i].id == text[i]);
    if (i + 1 < text.size()) batch.inputs[static_cast<index_t>(i)] = text[i];
    if (i == 0) continue;
    batch.targets[static_cast<index_t>(i) - 1] = text[i];
    sum += scores[i].log_probability;
  }
  Context context;
  CHECK(sum == Approx(-static_cast<double>(model.loss(batch, 1, context).value.item())).epsilon(1e-5));
}

TEST_CASE("tokens of a text longer than the context are scored once each, given at least half a context") {
  GPT model = some_gpt(GENERATE(1, 5, 8));
  const auto window = static_cast<std::size_t>(model.context_size());
  const auto tokenizer = make_byte_tokenizer(train_byte_tokenizer({}, {}));
  std::string text;
  for (int i = 0; i < 37; ++i) text += static_cast<char>('a' + Rng(2).below(20, static_cast<std::uint64_t>(i)));
  const auto scores = score_tokens(model, *tokenizer, text, Precision::f32);
  REQUIRE(scores.size() == text.size());
  for (std::size_t i = 1; i < text.size(); ++i) {
    const auto given = [&](std::size_t before) {
      IdTensor inputs({1, static_cast<index_t>(before)});
      for (std::size_t k = 0; k < before; ++k) inputs[static_cast<index_t>(k)] = text[i - before + k];
      Context context;
      context.last_only = true;
      return static_cast<double>(
          log_softmax(model.logits(inputs, context)).data()[static_cast<unsigned char>(text[i])]);
    };
    bool found = false;  // by some number of tokens before, half a window or more where the text has them
    for (std::size_t before = std::min(i, std::max<std::size_t>(1, window / 2)); before <= std::min(i, window);
         ++before)
      found = found || std::abs(given(before) - scores[i].log_probability) < 1e-4;
    CHECK(found);
  }
  CHECK_THROWS_WITH(score_tokens(model, *tokenizer, "", Precision::f32), Catch::Contains("no token"));
}

TEST_CASE("the likeliest classes come first, of equals the earlier, with the probabilities of softmax") {
  PerceptronConfig config;
  config.hidden = {};
  DataSpec spec;
  spec.features = Shape{1};
  spec.labels = {"a", "b", "c"};
  Perceptron model(config, spec, Rng(1));
  real* const weight = model.classifier.weight.mutable_data();
  real* const bias = model.classifier.bias.mutable_data();
  for (const int c : {0, 1, 2}) {
    weight[c] = c == 1 ? real{1} : real{0};
    bias[c] = 0;
  }
  // more than are looked at together: the first and the last of 2, all others of -1
  std::vector<real> numbers(150, -1);
  numbers[0] = numbers[149] = 2;
  std::vector<std::string> names;
  for (std::size_t i = 0; i < numbers.size(); ++i) names.push_back(std::to_string(i));
  names[0] = "two";
  const Examples two{names, std::make_unique<Numbers>(numbers)};
  const auto found = predict_classes(model, two, spec.labels, 2, Precision::f32);
  REQUIRE(found.size() == 150);
  CHECK(found[149].input == "149");
  CHECK(found[149].best[0].name == "b");
  CHECK(found[148].best[0].name == "a");
  CHECK(found[0].input == "two");
  REQUIRE(found[0].best.size() == 2);
  CHECK(found[0].best[0].name == "b");
  CHECK(found[0].best[0].probability == Approx(std::exp(2) / (2 + std::exp(2))).epsilon(1e-5));
  CHECK(found[0].best[1].name == "a");
  CHECK(found[1].best[0].name == "a");
  CHECK(found[1].best[1].name == "c");
  CHECK(predict_classes(model, two, spec.labels, 9, Precision::f32)[0].best.size() == 3);
}

}  // namespace heddle
