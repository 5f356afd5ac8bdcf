#include "train/tasks/recall.h"

#include <fmt/format.h>

#include <set>

#include "data/sampler.h"
#include "framework/ops.h"
#include "models/capabilities.h"

namespace heddle {
namespace {

class RecallEvaluation final : public Evaluation {
 public:
  explicit RecallEvaluation(NextToken& model) : model_(model) {}

  void add(const Batch& batch, Context& context) override {
    const index_t count = batch.count();
    if (count == 0) return;
    const Tensor scores = model_.logits(batch.inputs, context);
    nats_ += cross_entropy(scores, batch.targets).item() * static_cast<double>(count);
    const IdTensor found = argmax(scores);
    for (index_t i = 0; i < found.numel(); ++i)
      right_ += batch.targets[i] != kIgnore && found[i] == batch.targets[i] ? 1 : 0;
    count_ += count;
  }
  Metrics result() const override {
    ensure(count_ > 0, "evaluation: no row repeats itself; give longer rows");
    const double loss = nats_ / static_cast<double>(count_);
    const double accuracy = static_cast<double>(right_) / static_cast<double>(count_);
    return {{"loss", loss, fmt::format("{:.4f} nats a repeated token", loss)},
            {"accuracy", accuracy, fmt::format("{:.2f} % recalled", 100 * accuracy)},
            count_of("tokens", count_)};
  }

 private:
  NextToken& model_;
  double nats_ = 0;
  index_t count_ = 0, right_ = 0;
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
