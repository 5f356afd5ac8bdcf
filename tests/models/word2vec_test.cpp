#include "models/word2vec/word2vec.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <map>
#include <numeric>

namespace heddle {
namespace {

Vocabulary animals() {
  return {{"<unk>", "cat", "cats", "dog", "dogs", "cow", "cows", "goat"}, {7, 100, 50, 40, 30, 20, 10, 5}};
}

Word2VecConfig tiny() {
  Word2VecConfig config;
  config.n_embd = 5;
  config.window = 2;
  config.negatives = 3;
  config.subsample = 0;
  config.piece = 12;
  if (GENERATE(false, true)) config.method = "cbow";
  if (GENERATE(false, true)) {
    config.min_n = 2;
    config.max_n = 3;
  }
  return config;
}

Batch some_text(index_t rows, index_t length) {
  Batch batch{IdTensor({rows, length}), IdTensor({rows, length})};
  for (index_t i = 0; i < batch.inputs.numel(); ++i) {
    batch.inputs[i] = static_cast<std::int32_t>((i * i + 3 * i / 2) % 8);
    batch.targets[i] = 1;
  }
  return batch;
}

/// Moves all vectors away from where they begin, so that no gradient is small by chance.
void scatter(Word2Vec& model) {
  std::uint64_t use = 0;
  for (NamedTensor& p : model.named_parameters()) {
    const Tensor values = Tensor::normal(p.tensor.shape(), Rng(9).fork(use++), 0.5);
    std::copy_n(values.data(), values.numel(), p.tensor.data());
  }
}

double mean_loss(Word2Vec& model, const Batch& batch, Context& context) {
  const LossSum sum = model.loss_sum(batch, context);
  return sum.nats / static_cast<double>(sum.count);
}

/// n-grams as the paper has them, counted anew.
std::vector<std::string> ngrams(const std::string& word, index_t min, index_t max) {
  std::vector<std::string> all;
  const std::string text = '<' + word + '>';
  for (std::size_t at = 0; at < text.size(); ++at) {
    for (index_t n = min; n <= max && at + static_cast<std::size_t>(n) <= text.size(); ++n)
      all.push_back(text.substr(at, static_cast<std::size_t>(n)));
  }
  return all;
}

/// The sum over all windows' pairs, made of the engine's ops from the words' rows.
struct Composed {
  Tensor loss;
  index_t pairs = 0;
};
Composed composed_loss(Word2Vec& model, const Word2VecConfig& config, const Vocabulary& vocabulary, const Batch& batch,
                       const Rng& rng) {
  std::map<std::string, std::int32_t> rows;  // of n-grams, numbered as they first come in the vocabulary
  for (std::size_t w = 1; w < vocabulary.pieces.size() && config.max_n > 0; ++w) {
    for (const std::string& n : ngrams(vocabulary.pieces[w], config.min_n, config.max_n))
      rows.emplace(n, static_cast<std::int32_t>(rows.size()));
  }
  Composed composed{Tensor::scalar(0)};
  for (index_t row = 0; row < batch.inputs.size(0); ++row) {
    model.for_windows(batch, row, rng.fork(static_cast<std::uint64_t>(row)), [&](auto near, auto outputs) {
      std::vector<Tensor> inputs;  // [1, D] each
      Tensor together;
      double together_rows = 0;
      for (const std::int32_t word : near) {
        Tensor total = embedding(IdTensor({word}, {1}), model.word_embedding.weight);
        double count = 1;
        for (const std::string& n :
             ngrams(vocabulary.pieces[static_cast<std::size_t>(word)], config.min_n, config.max_n)) {
          if (config.max_n == 0) break;
          total = total + embedding(IdTensor({rows.at(n)}, {1}), model.ngram_embedding.weight);
          ++count;
        }
        together = together.defined() ? together + total : total;
        together_rows += count;
        if (config.method == "skipgram") inputs.push_back(total / static_cast<real>(std::sqrt(count)));
      }
      if (config.method == "cbow") inputs.push_back(together / static_cast<real>(std::sqrt(together_rows)));
      const IdTensor ids({outputs.begin(), outputs.end()}, {std::ssize(outputs)});
      const Tensor y = embedding(ids, model.output_embedding.weight);
      for (const Tensor& x : inputs) {
        const Tensor scores = matmul(x, y, false, true);
        Tensor labels = Tensor::zeros(scores.shape());
        labels.data()[0] = 1;
        composed.loss = composed.loss + bce_with_logits(scores, labels) * static_cast<real>(outputs.size());
        ++composed.pairs;
      }
    });
  }
  return composed;
}

}  // namespace

TEST_CASE("word2vec's loss is the engine's, and a small step goes down the engine's gradient") {
  const Word2VecConfig config = tiny();
  Word2Vec model(config, animals(), Rng(1));
  scatter(model);
  const Batch batch = some_text(3, config.piece);
  Context context;
  context.rng = Rng(4);
  const Rng draws = Context(context).next_rng();
  const Composed composed = composed_loss(model, config, animals(), batch, draws);
  const bool exact = sizeof(real) == sizeof(double);
  const double mean = composed.loss.item() / static_cast<double>(composed.pairs);
  REQUIRE(mean_loss(model, batch, context) == Approx(mean).epsilon(exact ? 1e-12 : 1e-5));
  if (!exact) return;  // float has not the digits for so small a step

  backward(composed.loss);
  std::vector<Tensor> before;
  for (const NamedTensor& p : model.named_parameters()) before.push_back(p.tensor.clone());
  constexpr double kRate = 1e-7;  // windows that follow in a row see those before: a change of this order
  REQUIRE(model.update(batch, kRate, draws) == Approx(mean).epsilon(1e-5));
  std::size_t i = 0;
  for (const NamedTensor& p : model.named_parameters()) {
    INFO(p.name);
    for (index_t e = 0; e < p.tensor.numel(); ++e) {
      const double moved = static_cast<double>(before[i].data()[e] - p.tensor.data()[e]) / kRate;
      REQUIRE(moved == Approx(p.tensor.grad().defined() ? p.tensor.grad().data()[e] : 0).margin(3e-5));
    }
    ++i;
  }
}

TEST_CASE("pieces of a batch learn side by side: their changes are those that each makes alone, added") {
  const Word2VecConfig config = tiny();
  const Batch batch = some_text(2, config.piece);
  Word2Vec together(config, animals(), Rng(1)), start(config, animals(), Rng(1));
  together.update(batch, 0.05, Rng(5));
  std::vector<Tensor> sums;
  for (const NamedTensor& p : start.named_parameters()) sums.push_back(p.tensor.clone());
  for (index_t row = 0; row < 2; ++row) {
    Word2Vec alone(config, animals(), Rng(1));
    Batch one = batch;  // the other row is left out
    std::fill_n(one.targets.data() + (1 - row) * config.piece, config.piece, kIgnore);
    alone.update(one, 0.05, Rng(5));
    const auto from = start.named_parameters(), to = alone.named_parameters();
    for (std::size_t i = 0; i < sums.size(); ++i) {
      for (index_t e = 0; e < sums[i].numel(); ++e)
        sums[i].data()[e] += to[i].tensor.data()[e] - from[i].tensor.data()[e];
    }
  }
  const auto result = together.named_parameters();
  for (std::size_t i = 0; i < sums.size(); ++i) {
    for (index_t e = 0; e < sums[i].numel(); ++e)
      REQUIRE(result[i].tensor.data()[e] == Approx(sums[i].data()[e]).margin(1e-6));
  }
}

TEST_CASE("word vectors have the same bytes on any number of threads") {
  const Word2VecConfig config = tiny();
  const int usual = threads();
  std::vector<std::vector<real>> results;
  for (const int count : {1, 2, 3}) {
    set_threads(count);
    Word2Vec model(config, animals(), Rng(1));
    for (std::uint64_t step = 0; step < 20; ++step) model.update(some_text(7, config.piece), 0.05, Rng(step));
    results.emplace_back();
    for (const NamedTensor& p : model.named_parameters())
      results.back().insert(results.back().end(), p.tensor.span().begin(), p.tensor.span().end());
  }
  set_threads(usual);
  REQUIRE(results[0] == results[1]);
  REQUIRE(results[0] == results[2]);
}

TEST_CASE("windows reach 1 to `window` words, unknown and ignored words are not there, frequent ones are thinned") {
  Word2VecConfig config;
  config.n_embd = 4;
  config.window = 3;
  config.negatives = 4;
  config.subsample = 0.05;
  config.piece = 20000;
  Vocabulary vocabulary = animals();
  const Word2Vec model(config, vocabulary, Rng(1));
  Batch batch{IdTensor({1, config.piece}), IdTensor({1, config.piece})};
  std::vector<double> shown(8), kept(8), drawn(8);
  for (index_t i = 0; i < config.piece; ++i) {
    const auto word = static_cast<std::int32_t>(Rng(2).below(8, static_cast<std::uint64_t>(i)));
    batch.inputs[i] = word;
    batch.targets[i] = i < config.piece - 100 ? 1 : kIgnore;
    if (batch.targets[i] != kIgnore) ++shown[static_cast<std::size_t>(word)];
  }
  std::size_t longest = 0, windows = 0;
  double words = 0;
  model.for_windows(batch, 0, Rng(3), [&](auto near, auto outputs) {
    ++windows;
    ++kept[static_cast<std::size_t>(outputs[0])];
    for (std::size_t i = 1; i < outputs.size(); ++i) ++drawn[static_cast<std::size_t>(outputs[i])];
    REQUIRE(std::count(outputs.begin() + 1, outputs.end(), outputs[0]) == 0);
    REQUIRE(std::count(near.begin(), near.end(), 0) == 0);
    longest = std::max(longest, near.size());
    words += static_cast<double>(near.size());
  });
  REQUIRE(longest == 6);
  REQUIRE(words / static_cast<double>(windows) == Approx(4).epsilon(0.02));  // reaches of 1, 2 and 3 as often
  REQUIRE(kept[0] == 0);
  double noise_total = 0, drawn_total = std::accumulate(drawn.begin(), drawn.end(), 0.0);
  for (std::size_t w = 1; w < 8; ++w) noise_total += std::pow(static_cast<double>(vocabulary.counts[w]), 0.75);
  double missed = 0;  // draws that hit the true word are not there
  for (std::size_t w = 1; w < 8; ++w)
    missed += kept[w] / static_cast<double>(windows) * std::pow(static_cast<double>(vocabulary.counts[w]), 0.75);
  missed /= noise_total;
  REQUIRE(drawn_total == Approx(4 * static_cast<double>(windows) * (1 - missed)).epsilon(0.02));
  for (std::size_t w = 1; w < 8; ++w) {
    INFO(vocabulary.pieces[w]);
    const double ratio = 0.05 / (static_cast<double>(vocabulary.counts[w]) / 255);
    CHECK(kept[w] / shown[w] == Approx(std::min(1.0, std::sqrt(ratio) + ratio)).epsilon(0.04));
    const double share = std::pow(static_cast<double>(vocabulary.counts[w]), 0.75) / noise_total;
    const double free = 1 - kept[w] / static_cast<double>(windows);  // windows of other words
    CHECK(drawn[w] == Approx(4 * static_cast<double>(windows) * share * free).epsilon(0.06));
  }
}

TEST_CASE("a score of the word alone reaches the yardstick, and learning goes below it") {
  Word2VecConfig config;
  config.n_embd = 8;
  config.window = 1;
  config.negatives = 2;
  config.subsample = 0;
  config.piece = 64;
  // pairs that always stand together
  const Vocabulary vocabulary{{"<unk>", "a", "b", "c", "d"}, {0, 10, 10, 10, 10}};
  Word2Vec model(config, vocabulary, Rng(1));
  Batch batch{IdTensor({4, 64}), IdTensor({4, 64})};
  for (index_t i = 0; i < batch.inputs.numel(); i += 2) {
    const auto pair = static_cast<std::int32_t>(2 * Rng(2).below(2, static_cast<std::uint64_t>(i)));
    batch.inputs[i] = 1 + pair;
    batch.inputs[i + 1] = 2 + pair;
  }
  const auto yardsticks = model.yardsticks();
  // equally frequent words: true 1/4, drawn 2/4, of which every fourth is the true one and left out
  REQUIRE(yardsticks[0].loss == Approx(2.5 * std::log(2.0)));
  REQUIRE(yardsticks[1].loss == Approx(-std::log(0.4) - 1.5 * std::log(0.6)));
  Context context;
  REQUIRE(mean_loss(model, batch, context) == Approx(yardsticks[0].loss).epsilon(0.02));  // as it begins
  for (std::uint64_t step = 0; step < 300; ++step) model.update(batch, 0.1, Rng(step));
  REQUIRE(mean_loss(model, batch, context) < 0.9 * yardsticks[1].loss);
}

TEST_CASE("a word that the vocabulary lacks is put together from the n-grams that it has") {
  Word2VecConfig config;
  config.n_embd = 6;
  config.min_n = 2;
  config.max_n = 3;
  Word2Vec model(config, animals(), Rng(1));
  scatter(model);
  // a word of the vocabulary is its own row and its n-grams'
  const Tensor words = model.token_vectors();
  const std::vector<real> of_ngrams = model.vector_of("cows");
  const double count = static_cast<double>(ngrams("cows", 2, 3).size());
  REQUIRE(of_ngrams.size() == 6);
  for (index_t d = 0; d < 6; ++d) {
    const double own = model.word_embedding.weight.data()[6 * 6 + d];
    const double whole = (own + std::sqrt(count) * of_ngrams[static_cast<std::size_t>(d)]) / std::sqrt(count + 1);
    CHECK(words.data()[6 * 6 + d] == Approx(whole).margin(1e-5));
  }
  // of "catzs" those of cats and dogs have <c, <ca, ca, cat, at and s>
  const std::vector<real> partly = model.vector_of("catzs");
  std::vector<double> sum(6);
  index_t row = -1, known = 0;
  std::vector<std::string> seen;
  for (const std::string& word : animals().pieces) {
    if (word == "<unk>") continue;
    for (const std::string& n : ngrams(word, 2, 3)) {
      if (std::find(seen.begin(), seen.end(), n) != seen.end()) continue;
      seen.push_back(n);
      ++row;
      const auto all = ngrams("catzs", 2, 3);
      if (std::find(all.begin(), all.end(), n) == all.end()) continue;
      ++known;
      for (index_t d = 0; d < 6; ++d)
        sum[static_cast<std::size_t>(d)] += model.ngram_embedding.weight.data()[row * 6 + d];
    }
  }
  REQUIRE(known == 6);
  for (std::size_t d = 0; d < 6; ++d) CHECK(partly[d] == Approx(sum[d] / std::sqrt(6.0)).margin(1e-5));
  CHECK(model.vector_of("xyz").empty());
  CHECK(Word2Vec(Word2VecConfig(), animals(), Rng(1)).vector_of("cows").empty());
}

TEST_CASE(
    "words of more than a hundred characters have no n-grams, and a rate that a float cannot hold moves nothing") {
  Word2VecConfig config;
  config.n_embd = 2;
  config.min_n = 1;
  config.max_n = 100;
  const auto rows = [&](std::size_t length) {
    Word2Vec model(config, {{"<unk>", std::string(length, 'x'), "y"}, {0, 1, 1}}, Rng(1));
    return model.ngram_embedding.weight.size(0);
  };
  CHECK(rows(1) == 6 + 4);  // < x > <x x> <x>, and of <y> not < and > again
  CHECK(rows(100) > 200);
  CHECK(rows(101) == 6);
  Word2Vec model(Word2VecConfig(), animals(), Rng(1));
  const Tensor before = model.token_vectors().clone();
  model.update(some_text(2, 12), 1e-60, Rng(1));
  const Tensor after = model.token_vectors();
  CHECK(std::equal(before.data(), before.data() + before.numel(), after.data()));
}

TEST_CASE("word2vec refuses what it cannot be made of") {
  Word2VecConfig config;
  REQUIRE_THROWS_WITH(Word2Vec(config, {{"a", "b", "c"}, {}}, Rng(1)), Catch::Contains("data.tokenizer = letters"));
  REQUIRE_THROWS_WITH(Word2Vec(config, {{"<unk>", "a"}, {3, 4}}, Rng(1)), Catch::Contains("holds 1 words, needs two"));
  config.max_n = 3;
  REQUIRE_THROWS_WITH(Word2Vec(config, animals(), Rng(1)), Catch::Contains("model.min_n = 0 must be from 1"));
  config.max_n = 0;
  Word2Vec model(config, animals(), Rng(1));
  Context context;
  REQUIRE_THROWS_WITH(model.logits(IdTensor({1, 2}), context), Catch::Contains("heddle embed"));
}

}  // namespace heddle
