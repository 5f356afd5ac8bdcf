#include "train/tasks/translation.h"

#include <fmt/format.h>

#include <cmath>

#include "data/pairs/pairs.h"
#include "data/sampler.h"
#include "models/capabilities.h"
#include "train/analysis/translation/bleu.h"
#include "train/analysis/translation/chrf.h"

namespace heddle {
namespace {

constexpr index_t kBatch = 500;  // pairs that are looked at together for baselines
constexpr index_t kSamples = 3;  // sentences of a sample

/// The tokens of each source of a batch, its end among them.
std::vector<std::vector<std::int32_t>> sources_of(const Batch& batch) {
  const index_t width = batch.source.size(1);
  std::vector<std::vector<std::int32_t>> sources;
  for (index_t row = 0; row < batch.rows(); ++row) {
    sources.emplace_back();
    for (index_t i = row * width; i < (row + 1) * width; ++i) {
      if (batch.source_mask.data()[i] != 0) sources.back().push_back(batch.source[i]);
    }
  }
  return sources;
}

/// What the model makes of a batch's sources.
std::vector<std::string> translate(Translator& translator, const PairsDataset& dataset, const Batch& batch,
                                   const BeamConfig& beam, Precision precision) {
  const WritingEnds ends{dataset.ends().begin, dataset.ends().end};
  std::vector<std::string> texts;
  for (const Hypothesis& found : beam_search(translator, sources_of(batch), ends, beam, precision))
    texts.push_back(dataset.tokenizer()->decode(found.tokens));
  return texts;
}

class TranslationEvaluation final : public Evaluation {
 public:
  TranslationEvaluation(Model& model, Translator& translator, const PairsDataset& dataset, Split split,
                        const EvaluationOptions& options)
      : model_(model), translator_(translator), dataset_(dataset), split_(split), options_(options) {}

  Message measure(const Batch& batch, Context& context) override {
    Message measured = measured_loss(model_, batch, context);
    if (!options_.thorough) return measured;
    const auto texts = translate(translator_, dataset_, batch, options_.beam, context.precision);
    for (index_t row = 0; row < batch.rows(); ++row) {
      measured.put(texts[static_cast<std::size_t>(row)]);
      measured.put(dataset_.target_text(split_, batch.first_row + row));
    }
    return measured;
  }
  void add(Message measured) override {
    add_loss(loss_, measured);
    while (!measured.done()) {
      translations_.push_back(measured.take_text());
      references_.push_back(measured.take_text());
    }
  }

  Metrics result() const override {
    const double loss = loss_.value("token");
    Metrics metrics = {{"loss", loss, fmt::format("{:.4f} nats a token", loss)},
                       {"perplexity", std::exp(loss), fmt::format("perplexity {:.2f}", std::exp(loss)), false},
                       count_of("tokens", loss_.count())};
    if (!options_.thorough) return metrics;
    const auto add = [&](const char* name, const char* shown, double score, const std::string& signature) {
      metrics.push_back({name, score, fmt::format("\n  {} {:.2f}  {}", shown, score, signature), false});
    };
    const auto bleu = [&](const char* name, const char* shown, const BleuOptions& options) {
      const Bleu found = corpus_bleu(translations_, references_, options);
      add(name, shown, found.score, found.signature);
    };
    bleu("bleu_lower_case", "BLEU, lower-cased", {BleuTokens::mteval_13a, true});
    bleu("bleu", "BLEU", {});
    bleu("bleu_white_space", "BLEU of what white space parts, lower-cased", {BleuTokens::none, true});
    const Chrf chrf = corpus_chrf(translations_, references_);
    add("chrf", "chrF2", chrf.score, chrf.signature);
    return metrics;
  }

 private:
  Model& model_;
  Translator& translator_;
  const PairsDataset& dataset_;
  Split split_;
  EvaluationOptions options_;
  MeanLoss loss_;
  std::vector<std::string> translations_, references_;
};

/// Calls on_target(token) for every target of a split.
template <class OnTarget>
void for_targets(const Dataset& dataset, Split split, const OnTarget& on_target) {
  for (index_t first = 0; first < dataset.size(split); first += kBatch) {
    const Batch batch = get_examples(dataset, split, first, std::min(kBatch, dataset.size(split) - first));
    for (index_t i = 0; i < batch.targets.numel(); ++i) {
      if (batch.targets[i] != kIgnore) on_target(static_cast<std::size_t>(batch.targets[i]));
    }
  }
}

class Translation final : public Task {
 public:
  Translation(Model& model, const PairsDataset& dataset)
      : model_(model),
        translator_(capability<Translator>(model, "translation", "choose model.kind = seq2seq for pairs")),
        dataset_(dataset) {}

  Unit unit() const override { return {"token", "tokens"}; }

  Baselines baselines(const Progress&) const override {
    const auto vocabulary = static_cast<std::size_t>(dataset_.tokenizer()->vocab_size());
    std::vector<double> counts(vocabulary, 1);  // of each token one more, so that none is impossible
    auto all = static_cast<double>(vocabulary);
    for_targets(dataset_, Split::train, [&](std::size_t token) {
      ++counts[token];
      ++all;
    });
    double nats = 0, judged = 0;
    for_targets(dataset_, Split::val, [&](std::size_t token) {
      nats -= std::log(counts[token] / all);
      ++judged;
    });
    const double uniform = std::log(static_cast<double>(vocabulary)), unigram = nats / judged;
    return {{{"uniform", uniform}, {"unigram", unigram}},
            fmt::format("baselines: counting the tokens of training targets reaches, in nats a token: uniform {:.3f}, "
                        "unigram {:.3f}",
                        uniform, unigram)};
  }

  std::unique_ptr<Evaluation> evaluation(Split split, const EvaluationOptions& options) const override {
    return std::make_unique<TranslationEvaluation>(model_, translator_, dataset_, split, options);
  }

  std::string sample(index_t) const override {
    const Batch batch = get_examples(dataset_, Split::val, 0, std::min(kSamples, dataset_.size(Split::val)));
    const auto texts = translate(translator_, dataset_, batch, {}, Precision::f32);
    std::string sample;
    for (index_t row = 0; row < batch.rows(); ++row) {
      sample += fmt::format("{}{}\n  model:     {}\n  reference: {}", row > 0 ? "\n" : "",
                            dataset_.source_text(Split::val, row), texts[static_cast<std::size_t>(row)],
                            dataset_.target_text(Split::val, row));
    }
    return sample;
  }

 private:
  Model& model_;
  Translator& translator_;
  const PairsDataset& dataset_;
};

}  // namespace

std::unique_ptr<Task> make_translation(Model& model, const Dataset& dataset) {
  return std::make_unique<Translation>(model, dynamic_cast<const PairsDataset&>(dataset));
}

}  // namespace heddle
