#include "train/tasks/recall.h"

#include <fmt/format.h>

#include <set>

#include "data/sampler.h"
#include "models/capabilities.h"
#include "train/tasks/scored_tokens.h"

namespace heddle {
namespace {

class RecallEvaluation final : public Evaluation {
 public:
  explicit RecallEvaluation(NextToken& model) : model_(model) {}

  Message measure(const Batch& batch, Context& context) override {
    if (batch.count() == 0) return {};
    return ScoredTokens::measure(model_.logits(batch.inputs, context), batch.targets);
  }
  void add(Message measured) override { tokens_.add(std::move(measured)); }
  Metrics result() const override {
    ensure(tokens_.count() > 0, "evaluation: no row repeats itself; give longer rows");
    return {{"loss", tokens_.loss(), fmt::format("{:.4f} nats a repeated token", tokens_.loss())},
            {"accuracy", tokens_.accuracy(), fmt::format("{:.2f} % recalled", 100 * tokens_.accuracy())},
            count_of("tokens", tokens_.count())};
  }

 private:
  NextToken& model_;
  ScoredTokens tokens_;
};

class Recall final : public Task {
 public:
  Recall(NextToken& model, const Dataset& dataset) : model_(model), dataset_(dataset) {}

  Unit unit() const override { return {"repeated token", "tokens"}; }

  Baselines baselines(const Progress&) const override {
    constexpr index_t kRows = 256;
    double right = 0, count = 0;
    for (index_t i = 0; i < std::min(kRows, dataset_.size(Split::val)); ++i) {
      const Batch batch = get_examples(dataset_, Split::val, i, 1);
      std::set<std::int32_t> said;
      for (index_t t = 0; t < batch.inputs.numel(); ++t) {
        said.insert(batch.inputs[t]);
        if (batch.targets[t] == kIgnore) continue;
        right += 1 / static_cast<double>(said.size());
        ++count;
      }
    }
    right /= count;
    return {{{"any said", right}},
            fmt::format("baselines: any token that the row has said {:.2f} % right", 100 * right),
            "accuracy",
            false};
  }

  std::unique_ptr<Evaluation> evaluation(Split, const EvaluationOptions&) const override {
    return std::make_unique<RecallEvaluation>(model_);
  }

 private:
  NextToken& model_;
  const Dataset& dataset_;
};

}  // namespace

std::unique_ptr<Task> make_recall(Model& model, const Dataset& dataset) {
  return std::make_unique<Recall>(capability<NextToken>(model, "recall", "choose another model.kind for this data"),
                                  dataset);
}

}  // namespace heddle
