#include <cmath>
#include <map>
#include <numeric>

#include "tests/models/word2vec_samples.h"

namespace heddle {
namespace {

/// The rows of n-grams, numbered as they first come in the vocabulary.
std::map<std::string, std::int32_t> ngram_rows(const Word2VecConfig& config, const DataSpec& vocabulary) {
  std::map<std::string, std::int32_t> rows;
  for (std::size_t w = 1; w < vocabulary.tokens.size() && config.max_n > 0; ++w) {
    for (const std::string& n : ngrams(vocabulary.tokens[w], config.min_n, config.max_n))
      rows.emplace(n, static_cast<std::int32_t>(rows.size()));
  }
  return rows;
}

/// The sum over all windows' pairs, made of the engine's ops from the words' rows.
struct Composed {
  Tensor loss;
  index_t pairs = 0;
};
Composed composed_loss(Word2Vec& model, const Word2VecConfig& config, const DataSpec& vocabulary, const Batch& batch,
                       const Rng& rng) {
  const auto rows = ngram_rows(config, vocabulary);
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
             ngrams(vocabulary.tokens[static_cast<std::size_t>(word)], config.min_n, config.max_n)) {
          if (config.max_n == 0) break;
          total = total + embedding(IdTensor({rows.at(n)}, {1}), model.ngram_embedding.weight);
          ++count;
        }
        together = together.defined() ? together + total : total;
        together_rows += count;
        if (config.method == Word2VecMethod::skipgram) inputs.push_back(total / static_cast<real>(std::sqrt(count)));
      }
      if (config.method == Word2VecMethod::cbow)
        inputs.push_back(together / static_cast<real>(std::sqrt(together_rows)));
      const IdTensor ids({outputs.begin(), outputs.end()}, {std::ssize(outputs)});
      const Tensor y = embedding(ids, model.output_embedding.weight);
      for (const Tensor& x : inputs) {
        const Tensor scores = matmul(x, y, false, true);
        Tensor labels = Tensor::zeros(scores.shape());
        labels.mutable_data()[0] = 1;
        composed.loss = composed.loss + bce_with_logits(scores, labels) * static_cast<real>(outputs.size());
        ++composed.pairs;
      }
    });
  }
  return composed;
}

/// One update by plain loops, in double: each row of the batch learns on copies, window by window, and of the changes
/// that the rows made to a vector the sum is taken, times min(1, max(1 / rows, 1 / curvature)).
class PlainUpdate {
 public:
  using Vector = std::vector<double>;
  enum Weight { kSum, kStiff, kMean };

  PlainUpdate(Word2Vec& model, const Word2VecConfig& config, const DataSpec& vocabulary, const Batch& batch, double lr,
              const Rng& rng)
      : config_(config), vocabulary_(vocabulary), ngram_rows_(ngram_rows(config, vocabulary)), lr_(lr) {
    for (const NamedParameter& p : model.named_parameters()) {
      first_rows.push_back(std::ssize(vectors));
      for (index_t row = 0; row < p.tensor.size(0); ++row) {
        const auto values = p.tensor.span().subspan(static_cast<std::size_t>(row * config.n_embd),
                                                    static_cast<std::size_t>(config.n_embd));
        vectors.emplace_back(values.begin(), values.end());
      }
    }
    std::map<index_t, std::vector<RowStats>> met;
    for (index_t row = 0; row < batch.inputs.size(0); ++row) {
      copies_.clear();
      model.for_windows(batch, row, rng.fork(static_cast<std::uint64_t>(row)),
                        [&](auto near, auto outputs) { learn(near, outputs); });
      for (const auto& [vector, copy] : copies_) met[vector].push_back(copy);
    }
    for (const auto& [vector, replicas] : met) {
      double curvature = 0;
      Vector& to = vectors[static_cast<std::size_t>(vector)];
      const Vector from = to;
      for (const RowStats& replica : replicas) curvature += replica.curvature;
      const double mean = 1 / static_cast<double>(replicas.size());
      const double weight = std::min(1.0, std::max(mean, 1 / curvature));
      ++weights[weight == 1 ? kSum : weight == mean ? kMean : kStiff];
      for (const RowStats& replica : replicas) {
        for (std::size_t d = 0; d < to.size(); ++d) to[d] += weight * (replica.values[d] - from[d]);
      }
    }
  }

  std::vector<Vector> vectors;      ///< the rows of all tables, as they are afterwards
  std::vector<index_t> first_rows;  ///< where each table begins in them
  double loss = 0;                  ///< the mean over the pairs
  std::map<Weight, int> weights;    ///< how many vectors were moved by each weight

 private:
  struct RowStats {
    Vector values;
    double curvature = 0;
  };

  RowStats& copy_of(index_t row) {
    return copies_.try_emplace(row, RowStats{vectors[static_cast<std::size_t>(row)]}).first->second;
  }

  void learn(std::span<const std::int32_t> near, std::span<const std::int32_t> outputs) {
    std::vector<std::vector<index_t>> inputs;  // the rows that make up each
    for (const std::int32_t word : near) {
      if (inputs.empty() || config_.method == Word2VecMethod::skipgram) inputs.emplace_back();
      inputs.back().push_back(word);
      if (config_.max_n == 0) continue;
      for (const std::string& n :
           ngrams(vocabulary_.tokens[static_cast<std::size_t>(word)], config_.min_n, config_.max_n))
        inputs.back().push_back(first_rows[1] + ngram_rows_.at(n));
    }
    std::vector<Vector> x, y;
    for (const auto& rows : inputs) {
      x.emplace_back(static_cast<std::size_t>(config_.n_embd));
      for (const index_t row : rows)
        add(x.back(), 1 / std::sqrt(static_cast<double>(rows.size())), copy_of(row).values);
    }
    for (const std::int32_t word : outputs) y.push_back(copy_of(first_rows.back() + word).values);
    for (std::size_t i = 0; i < x.size(); ++i) {
      for (std::size_t o = 0; o < y.size(); ++o) {
        const double p = 1 / (1 + std::exp(-product(x[i], y[o]))), g = lr_ * ((o == 0 ? 1 : 0) - p);
        loss_sum_ -= std::log(std::max(1e-30, o == 0 ? p : 1 - p));
        RowStats& output = copy_of(first_rows.back() + outputs[o]);
        add(output.values, g, x[i]);
        output.curvature += lr_ * p * (1 - p) * product(x[i], x[i]);
        for (const index_t row : inputs[i]) {
          add(copy_of(row).values, g / std::sqrt(static_cast<double>(inputs[i].size())), y[o]);
          copy_of(row).curvature += lr_ * p * (1 - p) * product(y[o], y[o]);
        }
      }
    }
    pairs_ += static_cast<double>(x.size());
    loss = loss_sum_ / pairs_;
  }

  static double product(const Vector& a, const Vector& b) {
    return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
  }
  static void add(Vector& to, double factor, const Vector& from) {
    for (std::size_t d = 0; d < to.size(); ++d) to[d] += factor * from[d];
  }

  const Word2VecConfig& config_;
  const DataSpec& vocabulary_;
  std::map<std::string, std::int32_t> ngram_rows_;
  double lr_, loss_sum_ = 0, pairs_ = 0;
  std::map<index_t, RowStats> copies_;  ///< of the vectors that a row of the batch met
};

/// Requires that an update moves the model's vectors as plain loops do.
std::map<PlainUpdate::Weight, int> require_plain_update(Word2Vec& model, const Word2VecConfig& config,
                                                        const Batch& batch, double lr, const Rng& rng) {
  const DataSpec vocabulary = animals();
  const PlainUpdate wanted(model, config, vocabulary, batch, lr, rng);
  const double digits = sizeof(real) == sizeof(double) ? 1e-10 : 2e-4;
  REQUIRE(mean_update(model, batch, lr, rng) == Approx(wanted.loss).epsilon(digits));
  std::size_t row = 0;
  for (const NamedParameter& p : model.named_parameters()) {
    INFO(p.name);
    for (index_t e = 0; e < p.tensor.numel(); ++e) {
      const double value =
          wanted
              .vectors[row + static_cast<std::size_t>(e / config.n_embd)][static_cast<std::size_t>(e % config.n_embd)];
      REQUIRE(p.tensor.data()[e] == Approx(value).epsilon(digits).margin(digits));
    }
    row += static_cast<std::size_t>(p.tensor.size(0));
  }
  return wanted.weights;
}

}  // namespace

TEST_CASE("word2vec's loss is the engine's, and a small step goes down the engine's gradient") {
  const Word2VecConfig config = tiny();
  Word2Vec model(config, animals(), Rng(1));
  scatter(model);
  const Batch batch = some_text(3, config.context);
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
  for (const NamedParameter& p : model.named_parameters()) before.push_back(p.tensor.clone());
  constexpr double kRate = 1e-7;  // windows that follow in a row see those before: a change of this order
  REQUIRE(mean_update(model, batch, kRate, draws) == Approx(mean).epsilon(1e-5));
  std::size_t i = 0;
  for (const NamedParameter& p : model.named_parameters()) {
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
  const Batch batch = some_text(2, config.context);
  Word2Vec together(config, animals(), Rng(1)), start(config, animals(), Rng(1));
  together.update(batch, 0.05, Rng(5));
  std::vector<Tensor> sums;
  for (const NamedParameter& p : start.named_parameters()) sums.push_back(p.tensor.clone());
  for (index_t row = 0; row < 2; ++row) {
    Word2Vec alone(config, animals(), Rng(1));
    Batch one = batch;  // the other row is left out
    std::fill_n(one.targets.data() + (1 - row) * config.context, config.context, kIgnore);
    alone.update(one, 0.05, Rng(5));
    const auto from = start.named_parameters(), to = alone.named_parameters();
    for (std::size_t i = 0; i < sums.size(); ++i) {
      for (index_t e = 0; e < sums[i].numel(); ++e)
        sums[i].mutable_data()[e] += to[i].tensor.data()[e] - from[i].tensor.data()[e];
    }
  }
  const auto result = together.named_parameters();
  for (std::size_t i = 0; i < sums.size(); ++i) {
    for (index_t e = 0; e < sums[i].numel(); ++e)
      REQUIRE(result[i].tensor.data()[e] == Approx(sums[i].data()[e]).margin(1e-6));
  }
}

TEST_CASE(
    "where their sum would overshoot, changes of pieces side by side are divided by the loss's curvature, at most "
    "averaged") {
  const Word2VecConfig config = tiny();
  Word2Vec model(config, animals(), Rng(1));
  scatter(model);
  std::map<PlainUpdate::Weight, int> weights;
  for (std::uint64_t step = 0; step < 4; ++step) {
    const double lr = step == 2 ? 0.05 : 0.4;
    const index_t rows = step == 3 ? 2 : 9;  // of what more pieces left nothing is added
    for (const auto& [weight, count] :
         require_plain_update(model, config, some_text(rows, config.context), lr, Rng(step)))
      weights[weight] += count;
  }
  REQUIRE(weights.size() == 3);  // each of the three weights was there
}

TEST_CASE("a sure mistake costs 69 nats, and the vectors go on moving") {
  Word2VecConfig config = tiny();
  Word2Vec model(config, animals(), Rng(1));
  scatter(model);
  for (NamedParameter& p : model.named_parameters()) {
    for (real& x : p.tensor.mutable_span()) x *= 1000;
  }
  const Tensor before = model.output_embedding.weight.clone();
  require_plain_update(model, config, some_text(2, config.context), 1e-3, Rng(5));
  const Tensor after = model.output_embedding.weight;
  REQUIRE_FALSE(std::equal(before.data(), before.data() + before.numel(), after.data()));
}

TEST_CASE("word vectors have the same bytes on any number of threads") {
  const Word2VecConfig config = tiny();
  const int usual = threads();
  std::vector<std::vector<real>> results;
  for (const int count : {1, 2, 3}) {
    set_threads(count);
    Word2Vec model(config, animals(), Rng(1));
    for (std::uint64_t step = 0; step < 20; ++step) model.update(some_text(7, config.context), 0.05, Rng(step));
    results.emplace_back();
    for (const NamedParameter& p : model.named_parameters())
      results.back().insert(results.back().end(), p.tensor.span().begin(), p.tensor.span().end());
  }
  set_threads(usual);
  REQUIRE(results[0] == results[1]);
  REQUIRE(results[0] == results[2]);
}

TEST_CASE("an update of nothing is a loss of 0, and one whose loss is no number moves nothing") {
  Word2VecConfig config;
  config.subsample = 0;
  Word2Vec model(config, animals(), Rng(1));
  scatter(model);
  const Tensor before = model.output_embedding.weight.clone();
  Batch batch = some_text(2, 12);
  std::fill_n(batch.targets.data(), batch.targets.numel(), kIgnore);
  CHECK(model.update(batch, 0.1, Rng(1)).count == 0);
  model.word_embedding.weight.mutable_data()[config.n_embd] = std::nanf("");
  CHECK(std::isnan(model.update(some_text(2, 12), 0.1, Rng(1)).nats));
  const Tensor after = model.output_embedding.weight;
  CHECK(std::equal(before.data(), before.data() + before.numel(), after.data()));
}

}  // namespace heddle
