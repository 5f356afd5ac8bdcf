#include "train/tasks/classification.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "data/sampler.h"
#include "models/capabilities.h"
#include "train/tasks/class_evaluation.h"

namespace heddle {
namespace {

constexpr index_t kBatch = 500;  // examples that are looked at together for baselines

/// What a row is compared by: its numbers; where a mask says which of its frames are no padding, the mean of those, as
/// rows of different lengths have nothing else alike.
std::vector<double> numbers_of(const Batch& batch, index_t row) {
  const index_t frames = batch.mask.defined() ? batch.mask.size(1) : 1;
  const auto width = static_cast<std::size_t>(batch.features.numel() / (batch.rows() * frames));
  std::vector<double> numbers(width);
  double count = 0;
  for (index_t t = row * frames; t < (row + 1) * frames; ++t) {
    if (batch.mask.defined() && batch.mask.data()[t] == 0) continue;
    const auto frame = batch.features.span().subspan(static_cast<std::size_t>(t) * width, width);
    for (std::size_t i = 0; i < width; ++i) numbers[i] += static_cast<double>(frame[i]);
    ++count;
  }
  for (double& number : numbers) number /= count;
  return numbers;
}

/// Calls on_row(numbers, class) for every example of a split.
template <class OnRow>
void for_rows(const Dataset& dataset, Split split, const OnRow& on_row) {
  for (index_t first = 0; first < dataset.size(split); first += kBatch) {
    const Batch batch = get_examples(dataset, split, first, std::min(kBatch, dataset.size(split) - first));
    for (index_t row = 0; row < batch.rows(); ++row) {
      if (batch.targets[row] == kIgnore) continue;
      on_row(numbers_of(batch, row), static_cast<std::size_t>(batch.targets[row]));
    }
  }
}

class Classification final : public Task {
 public:
  Classification(Classifier& model, const Dataset& dataset)
      : model_(model), dataset_(dataset), labels_(dataset.state().labels) {}

  Unit unit() const override { return {"example", "examples"}; }

  Baselines baselines(const Progress&) const override {
    std::vector<std::vector<double>> means(labels_.size());
    std::vector<double> counts(labels_.size());
    for_rows(dataset_, Split::train, [&](const std::vector<double>& numbers, std::size_t is) {
      means[is].resize(numbers.size());
      for (std::size_t i = 0; i < numbers.size(); ++i) means[is][i] += numbers[i];
      ++counts[is];
    });
    for (std::size_t c = 0; c < means.size(); ++c) {
      for (double& mean : means[c]) mean /= counts[c];
    }
    const auto commonest = static_cast<std::size_t>(std::max_element(counts.begin(), counts.end()) - counts.begin());
    double all = 0, majority = 0, nearest = 0;
    for_rows(dataset_, Split::val, [&](const std::vector<double>& numbers, std::size_t is) {
      std::size_t best = commonest;
      double least = std::numeric_limits<double>::infinity();
      for (std::size_t c = 0; c < means.size(); ++c) {
        double distance = means[c].empty() ? least : 0;
        for (std::size_t i = 0; i < means[c].size(); ++i) {
          const double difference = numbers[i] - means[c][i];
          distance += difference * difference;
        }
        if (distance < least) {
          least = distance;
          best = c;
        }
      }
      ++all;
      majority += is == commonest ? 1 : 0;
      nearest += is == best ? 1 : 0;
    });
    if (all == 0) return {};
    return {{{"majority class", majority / all}, {"nearest class mean", nearest / all}},
            fmt::format("baselines, accuracy on the validation split: majority class ({}) {:.2f} %, nearest class mean "
                        "{:.2f} %",
                        labels_[commonest], 100 * majority / all, 100 * nearest / all),
            "accuracy",
            false};
  }

  std::unique_ptr<Evaluation> evaluation(Split, const EvaluationOptions&) const override {
    return std::make_unique<ClassEvaluation>(model_, labels_);
  }

 private:
  Classifier& model_;
  const Dataset& dataset_;
  const std::vector<std::string>& labels_;
};

}  // namespace

std::unique_ptr<Task> make_classification(Model& model, const Dataset& dataset) {
  return std::make_unique<Classification>(
      capability<Classifier>(model, "classification", "choose another model.kind for this data"), dataset);
}

}  // namespace heddle
