#include "train/tasks/word_vectors.h"

#include <fmt/format.h>

#include "data/io/utf8.h"
#include "data/text/dataset.h"
#include "models/word2vec/word2vec.h"
#include "train/analysis/words/model_vectors.h"
#include "train/analysis/words/word_space.h"

namespace heddle {
namespace {

class PairEvaluation final : public Evaluation {
 public:
  explicit PairEvaluation(Word2Vec& model) : model_(model) {}

  Message measure(const Batch& batch, Context& context) override {
    const LossSum sum = model_.loss_sum(batch, context.next_rng());
    Message measured;
    measured.put(sum.nats);
    measured.put(sum.count);
    return measured;
  }
  void add(Message measured) override {
    total_.nats += measured.take<double>();
    total_.count += measured.take<index_t>();
  }
  Metrics result() const override {
    ensure(total_.count > 0, "evaluation: there is no pair of known words near each other; give more text, raise ",
           "data.val_fraction, lower data.min_count or raise model.subsample");
    const double loss = total_.nats / static_cast<double>(total_.count);
    return {{"loss", loss, fmt::format("{:.4f} nats a pair", loss)}, count_of("pairs", total_.count)};
  }

 private:
  Word2Vec& model_;
  LossSum total_;
};

class WordVectorTask final : public Task {
 public:
  WordVectorTask(Word2Vec& model, const TextDataset& dataset) : model_(model), dataset_(dataset) {}

  Unit unit() const override { return {"pair", "words"}; }

  Baselines baselines(const Progress&) const override {
    const double nothing = model_.untrained_loss(), frequencies = model_.frequency_loss();
    return {{{"nothing", nothing}, {"frequencies", frequencies}},
            fmt::format("baselines, in nats a pair: vectors that know nothing {:.3f}, words' frequencies alone {:.3f}; "
                        "losses of skip-gram and CBOW do not compare, as their pairs differ",
                        nothing, frequencies)};
  }

  std::unique_ptr<Evaluation> evaluation(Split, const EvaluationOptions&) const override {
    return std::make_unique<PairEvaluation>(model_);
  }

  /// The nearest words of some frequent ones, a line each.
  std::string sample(index_t) const override {
    const WordSpace space(token_vectors(model_, *dataset_.tokenizer()));
    constexpr index_t kLines = 8, kNear = 5, kFrequent = 1000;
    std::string text;
    for (index_t i = 1; i <= kLines && i < space.size(); ++i) {
      const index_t row = i * std::min(kFrequent, space.size()) / (kLines + 1);
      text += fmt::format("{}{}:", i > 1 ? "\n" : "", visible_start(space.word(row)));
      for (const ScoredWord& near : space.neighbors(
               {space.direction(row), static_cast<std::size_t>(space.dimensions())}, kNear, std::span(&row, 1)))
        text += fmt::format(" {} {:.2f}", visible_start(space.word(near.row)), near.score);
    }
    return text;
  }

 private:
  Word2Vec& model_;
  const TextDataset& dataset_;
};

}  // namespace

std::unique_ptr<Task> make_word_vectors(Model& model, const Dataset& dataset) {
  return std::make_unique<WordVectorTask>(dynamic_cast<Word2Vec&>(model), dynamic_cast<const TextDataset&>(dataset));
}

}  // namespace heddle
