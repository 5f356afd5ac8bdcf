#pragma once

#include <string>
#include <vector>

#include "models/capabilities.h"
#include "train/tasks/task.h"

namespace heddle {

/// An example that was taken for one of another class.
struct Mistake {
  index_t example = 0;             ///< its number in the split
  std::int32_t is = 0, found = 0;  ///< its class, and the one that was found
  double probability = 0;          ///< that the model gives to the one that was found
};

/// The `count` surest of them, or all if they are fewer, the surest first; of equally sure ones that which comes first.
std::vector<Mistake> surest(std::vector<Mistake> mistakes, std::size_t count);

/// How well classes are told: mean loss an example; accuracy; of each class precision (how many of those found are
/// right), recall (how many of those there are were found) and F1 = 2 right / (found + there). A class that was never
/// found has no precision (NaN), one without an example no recall, one that is neither no F1. And the confusion matrix,
/// whose rows are the classes and whose columns those that were found.
class ClassEvaluation final : public Evaluation {
 public:
  /// `labels` names the classes; it and the model must live as long as this.
  ClassEvaluation(Classifier& model, const std::vector<std::string>& labels);
  /// Examples are numbered by the batch's rows. Those without a target do not count.
  Message measure(const Batch& batch, Context& context) override;
  void add(Message measured) override;
  Metrics result() const override;
  std::vector<CountTable> tables() const override;
  /// In the order of the examples.
  const std::vector<Mistake>& mistakes() const { return mistakes_; }

 private:
  Classifier& model_;
  const std::vector<std::string>& labels_;
  std::vector<std::int64_t> counts_;  ///< [class, class that was found]
  std::vector<Mistake> mistakes_;
  double nats_ = 0;
};

}  // namespace heddle
