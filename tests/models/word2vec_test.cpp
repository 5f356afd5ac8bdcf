#include <cmath>
#include <numeric>

#include "tests/models/word2vec_samples.h"

namespace heddle {

TEST_CASE("windows reach 1 to `window` words, unknown and ignored words are not there, frequent ones are thinned") {
  Word2VecConfig config;
  config.n_embd = 4;
  config.window = 3;
  config.negatives = 4;
  config.subsample = 0.05;
  config.context = 20000;
  DataSpec vocabulary = animals();
  const Word2Vec model(config, vocabulary, Rng(1));
  Batch batch;
  batch.inputs = batch.targets = IdTensor({1, config.context});
  std::vector<double> shown(8), kept(8), drawn(8);
  for (index_t i = 0; i < config.context; ++i) {
    const auto word = static_cast<std::int32_t>(Rng(2).below(8, static_cast<std::uint64_t>(i)));
    batch.inputs[i] = word;
    batch.targets[i] = i < config.context - 100 ? 1 : kIgnore;
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
  Batch one;
  one.inputs = one.targets = IdTensor({1, 3});  // a word alone has no window
  one.inputs[1] = 7;
  model.for_windows(one, 0, Rng(3), [](auto, auto) { FAIL(); });
  REQUIRE(longest == 6);
  REQUIRE(words / static_cast<double>(windows) == Approx(4).epsilon(0.02));  // reaches of 1, 2 and 3 as often
  REQUIRE(kept[0] == 0);
  double noise_total = 0, drawn_total = std::accumulate(drawn.begin(), drawn.end(), 0.0);
  for (std::size_t w = 1; w < 8; ++w) noise_total += std::pow(static_cast<double>(vocabulary.token_counts[w]), 0.75);
  double missed = 0;  // draws that hit the true word are not there
  for (std::size_t w = 1; w < 8; ++w)
    missed += kept[w] / static_cast<double>(windows) * std::pow(static_cast<double>(vocabulary.token_counts[w]), 0.75);
  missed /= noise_total;
  REQUIRE(drawn_total == Approx(4 * static_cast<double>(windows) * (1 - missed)).epsilon(0.02));
  for (std::size_t w = 1; w < 8; ++w) {
    INFO(vocabulary.tokens[w]);
    const double ratio = 0.05 / (static_cast<double>(vocabulary.token_counts[w]) / 255);
    CHECK(kept[w] / shown[w] == Approx(std::min(1.0, std::sqrt(ratio) + ratio)).epsilon(0.04));
    const double share = std::pow(static_cast<double>(vocabulary.token_counts[w]), 0.75) / noise_total;
    const double free = 1 - kept[w] / static_cast<double>(windows);  // windows of other words
    CHECK(drawn[w] == Approx(4 * static_cast<double>(windows) * share * free).epsilon(0.06));
  }
}

TEST_CASE("words are drawn in proportion to their counts to the power of 3/4") {
  Word2VecConfig config;
  config.negatives = 1000;
  config.subsample = 0;
  config.context = 4000;
  const DataSpec vocabulary = animals();
  const Word2Vec model(config, vocabulary, Rng(1));
  Batch batch;
  batch.inputs = batch.targets = IdTensor({1, config.context});
  std::fill_n(batch.inputs.data(), config.context, 7);  // its own draws are left out
  std::vector<double> drawn(8), shares(8);
  model.for_windows(batch, 0, Rng(3), [&](auto, auto outputs) {
    for (std::size_t i = 1; i < outputs.size(); ++i) ++drawn[static_cast<std::size_t>(outputs[i])];
  });
  for (std::size_t w = 1; w < 7; ++w) shares[w] = std::pow(static_cast<double>(vocabulary.token_counts[w]), 0.75);
  const double all = std::accumulate(drawn.begin(), drawn.end(), 0.0),
               total = std::accumulate(shares.begin(), shares.end(), 0.0);
  for (std::size_t w = 1; w < 7; ++w) CHECK(drawn[w] / all == Approx(shares[w] / total).epsilon(0.01));
}

TEST_CASE("word vectors begin at random within half a unit over all dimensions, what they are told by at zero") {
  Word2VecConfig config;
  config.n_embd = 50;
  config.min_n = 2;
  config.max_n = 2;
  const Word2Vec model(config, animals(), Rng(1));
  for (const Tensor& weight : {model.word_embedding.weight, model.ngram_embedding.weight}) {
    const auto [low, high] = std::minmax_element(weight.span().begin(), weight.span().end());
    CHECK(*low == Approx(-0.01).margin(1e-3));
    CHECK(*high == Approx(0.01).margin(1e-3));
  }
  CHECK(model.word_embedding.weight.data()[0] != model.ngram_embedding.weight.data()[0]);
  for (const real x : model.output_embedding.weight.span()) REQUIRE(x == 0);
}

TEST_CASE("the baseline of frequencies is the loss of vectors that know nothing else, whatever is left out") {
  Word2VecConfig config;
  config.n_embd = 2;
  config.window = 1;
  config.negatives = 4;
  config.subsample = GENERATE(0.0, 0.05);
  config.context = 100000;
  const DataSpec vocabulary = animals();
  Word2Vec model(config, vocabulary, Rng(1));
  // text in which words are as frequent as the vocabulary says
  std::vector<std::int32_t> words;
  for (std::size_t w = 1; w < 8; ++w)
    words.insert(words.end(), static_cast<std::size_t>(vocabulary.token_counts[w]), static_cast<std::int32_t>(w));
  Batch batch;
  batch.inputs = batch.targets = IdTensor({1, config.context});
  for (index_t i = 0; i < config.context; ++i)
    batch.inputs[i] = words[Rng(2).below(words.size(), static_cast<std::uint64_t>(i))];
  std::vector<double> shown(8), drawn(8);
  const auto count = [&](auto near, auto outputs) {
    shown[static_cast<std::size_t>(outputs[0])] += static_cast<double>(near.size());
    for (const std::int32_t word : outputs.subspan(1))
      drawn[static_cast<std::size_t>(word)] += static_cast<double>(near.size());
  };
  Context context;
  const Context same = context;
  model.for_windows(batch, 0, Context(same).next_rng().fork(0), count);
  for (index_t w = 0; w < 8; ++w) {
    const auto i = static_cast<std::size_t>(w);
    model.word_embedding.weight.mutable_data()[2 * w] = 1;
    model.word_embedding.weight.mutable_data()[2 * w + 1] = 0;
    model.output_embedding.weight.mutable_data()[2 * w] = w == 0 ? 0 : static_cast<real>(std::log(shown[i] / drawn[i]));
  }
  REQUIRE(mean_loss(model, batch, context) == Approx(model.frequency_loss()).epsilon(0.005));
}

TEST_CASE("work is counted for the words that are kept, and for a window's inputs") {
  Word2VecConfig config;
  config.n_embd = 10;
  config.window = 4;
  config.negatives = 2;
  config.subsample = 0;
  const double pair = 6 * 10 * 3;  // forward, and two products backward, of 10 dimensions and 3 words
  CHECK(Word2Vec(config, animals(), Rng(1)).flops(some_text(1, 1)) ==
        Approx(5 * pair));  // on average 2.5 to either side
  config.subsample = 0.05;
  double kept = 0;
  for (const double count : {100, 50, 40, 30, 20, 10, 5}) {
    const double ratio = 0.05 / (count / 255);
    kept += count / 255 * std::min(1.0, std::sqrt(ratio) + ratio);
  }
  CHECK(Word2Vec(config, animals(), Rng(1)).flops(some_text(1, 1)) == Approx(kept * 5 * pair));
  config.method = Word2VecMethod::cbow;
  CHECK(Word2Vec(config, animals(), Rng(1)).flops(some_text(1, 1)) == Approx(kept * pair));
}

TEST_CASE("working memory counts the places of every thread") {
  const int before = threads();
  Word2Vec model(Word2VecConfig(), animals(), Rng(1));
  set_threads(1);
  const double one = model.working_bytes(1);
  set_threads(3);
  CHECK(model.working_bytes(1) - one == 2 * 16 * sizeof(std::int32_t));  // of 8 words in two tables
  set_threads(before);
}

TEST_CASE("a score of the word alone reaches the baseline, and learning goes below it") {
  Word2VecConfig config;
  config.n_embd = 8;
  config.window = 1;
  config.negatives = 2;
  config.subsample = 0;
  config.context = 64;
  // pairs that always stand together
  const DataSpec vocabulary{{"<unk>", "a", "b", "c", "d"}, {0, 10, 10, 10, 10}};
  Word2Vec model(config, vocabulary, Rng(1));
  Batch batch;
  batch.inputs = batch.targets = IdTensor({4, 64});
  for (index_t i = 0; i < batch.inputs.numel(); i += 2) {
    const auto pair = static_cast<std::int32_t>(2 * Rng(2).below(2, static_cast<std::uint64_t>(i)));
    batch.inputs[i] = 1 + pair;
    batch.inputs[i + 1] = 2 + pair;
  }
  // equally frequent words: true 1/4, drawn 2/4, of which every fourth is the true one and left out
  REQUIRE(model.untrained_loss() == Approx(2.5 * std::log(2.0)));
  REQUIRE(model.frequency_loss() == Approx(-std::log(0.4) - 1.5 * std::log(0.6)));
  Context context;
  REQUIRE(mean_loss(model, batch, context) == Approx(model.untrained_loss()).epsilon(0.02));  // as it begins
  for (std::uint64_t step = 0; step < 300; ++step) model.update(batch, 0.1, Rng(step));
  REQUIRE(mean_loss(model, batch, context) < 0.9 * model.frequency_loss());
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
  for (const std::string& word : animals().tokens) {
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
  config.min_n = 4;
  REQUIRE_THROWS_WITH(Word2Vec(config, animals(), Rng(1)),
                      Catch::Contains("model.min_n = 4 must be from 1 to model.max_n = 3"));
  config.max_n = 0;
  REQUIRE_THROWS_WITH(Word2Vec(config, animals(), Rng(1)),
                      Catch::Contains("model.min_n = 4 does nothing") && Catch::Contains("set model.max_n"));
  config.min_n = 0;
  Word2Vec model(config, animals(), Rng(1));
  CHECK(find_capability<NextToken>(model) == nullptr);
  CHECK(find_capability<WordTable>(model) == &model);
  REQUIRE_THROWS_WITH(capability<NextToken>(model, "generate", "ask it with heddle embed"),
                      Catch::Contains("generate: wants a model that writes text") && Catch::Contains("heddle embed"));
}

}  // namespace heddle
