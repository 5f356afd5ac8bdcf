#include "train/tasks/masked_language_model.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "data/io/utf8.h"
#include "data/sampler.h"
#include "data/text/dataset.h"
#include "framework/ops.h"
#include "models/capabilities.h"
#include "train/tasks/masking.h"
#include "train/tasks/scored_tokens.h"

namespace heddle {
namespace {

class FillEvaluation final : public Evaluation {
 public:
  explicit FillEvaluation(TokenFiller& model) : model_(model) {}

  Message measure(const Batch& batch, Context& context) override {
    const CountedTargets hidden(batch.targets);
    if (hidden.values.numel() == 0) return {};
    return ScoredTokens::measure(model_.token_scores(batch, hidden.places, context), hidden.values);
  }
  void add(Message measured) override { tokens_.add(std::move(measured)); }
  Metrics result() const override {
    ensure(tokens_.count() > 0, "evaluation: there is no token to fill in; give more text");
    const double loss = tokens_.loss(), accuracy = tokens_.accuracy();
    return {{"loss", loss, fmt::format("{:.4f} nats a hidden token", loss)},
            {"perplexity", std::exp(loss), fmt::format("perplexity {:.2f}", std::exp(loss)), false},
            {"accuracy", accuracy, fmt::format("{:.2f} % filled in right", 100 * accuracy)},
            count_of("tokens", tokens_.count())};
  }

 private:
  TokenFiller& model_;
  ScoredTokens tokens_;
};

class MaskedLanguageModel final : public Task {
 public:
  MaskedLanguageModel(TokenFiller& model, const TextDataset& dataset)
      : model_(model), dataset_(dataset), masking_(dataset.state().tokenizer) {}

  Unit unit() const override { return {"hidden token", "tokens"}; }

  /// Of every token of the validation part, as any may be hidden.
  Baselines baselines(const Progress&) const override {
    const Tokens &train = dataset_.tokens(Split::train), &val = dataset_.tokens(Split::val);
    std::vector<double> counts(dataset_.state().tokenizer.pieces.size(), 1);
    for (std::size_t i = 0; i < train.size(); ++i) ++counts[static_cast<std::size_t>(train[i])];
    const auto commonest = static_cast<std::int32_t>(std::max_element(counts.begin(), counts.end()) - counts.begin());
    const double all = static_cast<double>(train.size() + counts.size());
    double nats = 0, right = 0;
    for (std::size_t i = 0; i < val.size(); ++i) {
      nats -= std::log(counts[static_cast<std::size_t>(val[i])] / all);
      right += val[i] == commonest ? 1 : 0;
    }
    nats /= static_cast<double>(val.size());
    right /= static_cast<double>(val.size());
    return {{{"unigram", nats}},
            fmt::format("baselines, of any token of the validation split: unigram {:.3f} nats; always '{}' {:.2f} % "
                        "right",
                        nats, visible(dataset_.tokenizer()->piece(commonest)), 100 * right)};
  }

  std::unique_ptr<Evaluation> evaluation(Split, const EvaluationOptions&) const override {
    return std::make_unique<FillEvaluation>(model_);
  }

  void prepare(Batch& batch, const Rng& rng) const override { masking_.hide(batch, rng); }

  /// The validation text's first window with what is hidden, and for each hidden token, in brackets, what the model
  /// finds likeliest.
  std::string sample(index_t length) const override {
    const NoGradGuard no_grad;
    Batch batch = get_examples(dataset_, Split::val, 0, 1);
    prepare(batch, Rng());
    for (index_t t = length; t < batch.targets.numel(); ++t) batch.targets[t] = kIgnore;
    const CountedTargets hidden(batch.targets);
    for (index_t i = 0; i < hidden.places.numel(); ++i) batch.inputs[hidden.places[i]] = masking_.mask();
    const Tokenizer& tokenizer = *dataset_.tokenizer();
    std::string text;
    const auto word = [&](std::int32_t id) {
      const std::string& piece = tokenizer.piece(id);
      return piece.substr(std::min(piece.size(), piece.find_first_not_of(' ')));
    };
    std::int32_t before = -1;
    for (index_t t = 0; t < std::min(length, batch.inputs.numel()); ++t) {
      const bool apart = batch.targets[t] != kIgnore && tokenizer.piece(batch.targets[t]).starts_with(' ');
      if (apart) text += ' ';
      tokenizer.decode_next(text, before, batch.inputs[t]);
      before = batch.inputs[t];
    }
    if (hidden.places.numel() == 0) return text;
    Context context;
    const Tensor shares = softmax(model_.token_scores(batch, hidden.places, context));
    const auto vocabulary = static_cast<std::size_t>(shares.size(1));
    constexpr std::ptrdiff_t kGuesses = 3;
    for (index_t i = 0; i < hidden.values.numel(); ++i) {
      const auto row = shares.span().subspan(static_cast<std::size_t>(i) * vocabulary, vocabulary);
      std::vector<std::int32_t> ids(row.size());
      std::iota(ids.begin(), ids.end(), 0);
      const auto last = ids.begin() + std::min<std::ptrdiff_t>(kGuesses, std::ssize(ids));
      const auto likelier = [&](std::int32_t a, std::int32_t b) {
        return std::pair(-row[a], a) < std::pair(-row[b], b);
      };
      std::partial_sort(ids.begin(), last, ids.end(), likelier);
      text += fmt::format("\n  [{}]", word(hidden.values[i]));
      for (auto id = ids.begin(); id != last; ++id) text += fmt::format(" {} {:.2f}", word(*id), row[*id]);
    }
    return text;
  }

 private:
  TokenFiller& model_;
  const TextDataset& dataset_;
  Masking masking_;
};

}  // namespace

std::unique_ptr<Task> make_masked_language_model(Model& model, const Dataset& dataset) {
  return std::make_unique<MaskedLanguageModel>(
      capability<TokenFiller>(model, "masked language model", "choose another model.kind for this data"),
      dynamic_cast<const TextDataset&>(dataset));
}

}  // namespace heddle
