#include "train/tasks/text_classification.h"

#include <fmt/format.h>

#include <algorithm>

#include "data/io/utf8.h"
#include "data/labels/labelled_text.h"
#include "data/labels/naive_bayes.h"
#include "models/capabilities.h"
#include "train/tasks/class_evaluation.h"

namespace heddle {
namespace {

/// What is counted of the training texts.
class TextBaselines {
 public:
  explicit TextBaselines(const LabelledTextDataset& dataset)
      : words_(dataset.state().labels.size(), 1), pairs_(dataset.state().labels.size(), 2) {
    std::vector<index_t> counts(dataset.state().labels.size());
    for (index_t i = 0; i < dataset.size(Split::train); ++i) {
      const std::int32_t is = dataset.class_of(Split::train, i);
      ++counts[static_cast<std::size_t>(is)];
      for (NaiveBayes* counted : {&words_, &pairs_}) counted->add(dataset.texts(Split::train, i), is);
    }
    commonest_ = static_cast<std::int32_t>(std::max_element(counts.begin(), counts.end()) - counts.begin());
  }

  /// Accuracies on a split.
  std::vector<Baseline> of(const LabelledTextDataset& dataset, Split split) const {
    std::vector<Baseline> all = {{"majority class", 0}, {"unigram Naive Bayes", 0}, {"bigram Naive Bayes", 0}};
    const index_t count = dataset.size(split);
    for (index_t i = 0; i < count; ++i) {
      const std::vector<std::string>& texts = dataset.texts(split, i);
      const std::int32_t is = dataset.class_of(split, i);
      const std::int32_t found[] = {commonest_, words_.classify(texts), pairs_.classify(texts)};
      for (std::size_t b = 0; b < all.size(); ++b) all[b].value += found[b] == is ? 1 : 0;
    }
    for (Baseline& baseline : all) baseline.value /= static_cast<double>(count);
    return all;
  }

 private:
  NaiveBayes words_, pairs_;
  std::int32_t commonest_;
};

std::string in_words(const std::vector<Baseline>& baselines) {
  std::string list;
  for (const auto& [name, accuracy] : baselines)
    list += fmt::format("{}{} {:.2f} %", list.empty() ? "" : ", ", name, 100 * accuracy);
  return list;
}

/// The figures of classes, with the baselines behind them.
class TextEvaluation final : public Evaluation {
 public:
  TextEvaluation(Classifier& model, const std::vector<std::string>& labels, std::vector<Baseline> baselines)
      : classes_(model, labels), baselines_(std::move(baselines)) {}
  Message measure(const Batch& batch, Context& context) override { return classes_.measure(batch, context); }
  void add(Message measured) override { classes_.add(std::move(measured)); }
  Metrics result() const override {
    Metrics metrics = classes_.result();
    for (const auto& [name, accuracy] : baselines_) {
      std::string key = lower_case(name);
      std::replace(key.begin(), key.end(), ' ', '_');
      metrics.push_back({"baseline_" + key, accuracy, "", false});
    }
    if (!baselines_.empty()) metrics.back().text = "\n  baselines, accuracy: " + in_words(baselines_);
    return metrics;
  }
  std::vector<CountTable> tables() const override { return classes_.tables(); }

 private:
  ClassEvaluation classes_;
  std::vector<Baseline> baselines_;
};

class TextClassification final : public Task {
 public:
  TextClassification(Classifier& model, const LabelledTextDataset& dataset) : model_(model), dataset_(dataset) {}

  Unit unit() const override { return {"example", "tokens"}; }

  Baselines baselines(const Progress&) const override {
    Baselines found;
    found.all = counted().of(dataset_, Split::val);
    found.line = "baselines, accuracy on the validation split: " + in_words(found.all);
    found.metric = "accuracy";
    found.lower_is_better = false;
    return found;
  }

  std::unique_ptr<Evaluation> evaluation(Split split, const EvaluationOptions& options) const override {
    return std::make_unique<TextEvaluation>(model_, dataset_.state().labels,
                                            options.thorough ? counted().of(dataset_, split) : std::vector<Baseline>());
  }

 private:
  /// Counted once, as evaluations come again and again.
  const TextBaselines& counted() const {
    if (!counted_) counted_ = std::make_unique<TextBaselines>(dataset_);
    return *counted_;
  }

  Classifier& model_;
  const LabelledTextDataset& dataset_;
  mutable std::unique_ptr<TextBaselines> counted_;
};

}  // namespace

std::unique_ptr<Task> make_text_classification(Model& model, const Dataset& dataset) {
  return std::make_unique<TextClassification>(
      capability<Classifier>(model, "text classification", "choose another model.kind for this data"),
      dynamic_cast<const LabelledTextDataset&>(dataset));
}

}  // namespace heddle
