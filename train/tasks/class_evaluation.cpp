#include "train/tasks/class_evaluation.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "framework/ops.h"

namespace heddle {

std::vector<Mistake> surest(std::vector<Mistake> mistakes, std::size_t count) {
  std::stable_sort(mistakes.begin(), mistakes.end(),
                   [](const Mistake& a, const Mistake& b) { return a.probability > b.probability; });
  mistakes.resize(std::min(count, mistakes.size()));
  return mistakes;
}

ClassEvaluation::ClassEvaluation(Classifier& model, const std::vector<std::string>& labels)
    : model_(model), labels_(labels), counts_(labels.size() * labels.size()) {}

Message ClassEvaluation::measure(const Batch& batch, Context& context) {
  const index_t count = batch.count(), classes = std::ssize(labels_);
  Message measured;
  if (count == 0) return measured;
  const Tensor scores = model_.class_scores(batch, context);
  measured.put(cross_entropy(scores, batch.targets, {kIgnore, 0, count}).item() * static_cast<double>(count));
  const IdTensor found = argmax(scores);
  const Tensor probabilities = softmax(scores);
  for (index_t row = 0; row < found.numel(); ++row) {
    const std::int32_t is = batch.targets[row], as = found[row];
    if (is == kIgnore) continue;
    measured.put(batch.first_row + row);
    measured.put(is);
    measured.put(as);
    measured.put(static_cast<double>(probabilities.data()[row * classes + as]));
  }
  return measured;
}

void ClassEvaluation::add(Message measured) {
  if (measured.done()) return;
  nats_ += measured.take<double>();
  while (!measured.done()) {
    Mistake of;
    of.example = measured.take<index_t>();
    of.is = measured.take<std::int32_t>();
    of.found = measured.take<std::int32_t>();
    of.probability = measured.take<double>();
    ++counts_[static_cast<std::size_t>(of.is) * labels_.size() + static_cast<std::size_t>(of.found)];
    if (of.is != of.found) mistakes_.push_back(of);
  }
}

Metrics ClassEvaluation::result() const {
  const std::size_t classes = labels_.size();
  double all = 0, right = 0;
  std::vector<double> of_class(classes), found(classes), hits(classes);
  for (std::size_t is = 0; is < classes; ++is) {
    for (std::size_t as = 0; as < classes; ++as) {
      const auto count = static_cast<double>(counts_[is * classes + as]);
      all += count;
      of_class[is] += count;
      found[as] += count;
      if (is == as) hits[is] = count;
    }
    right += hits[is];
  }
  ensure(all > 0, "evaluation: there is no example of a class");
  Metrics metrics = {{"loss", nats_ / all, fmt::format("{:.4f} nats an example", nats_ / all)},
                     {"accuracy", right / all, fmt::format("accuracy {:.2f} %", 100 * right / all)},
                     count_of("examples", static_cast<std::int64_t>(all))};
  const auto share = [](double part, double whole) {
    return whole > 0 ? part / whole : std::numeric_limits<double>::quiet_NaN();
  };
  const auto percent = [](const char* name, double value) {
    return std::isnan(value) ? fmt::format("{} undefined", name) : fmt::format("{} {:.2f} %", name, 100 * value);
  };
  for (std::size_t c = 0; c < classes; ++c) {
    const double precision = share(hits[c], found[c]), recall = share(hits[c], of_class[c]);
    const double f1 = share(2 * hits[c], found[c] + of_class[c]);
    metrics.push_back({"precision_" + labels_[c], precision,
                       fmt::format("\n  {}: {}", labels_[c], percent("precision", precision)), false});
    metrics.push_back({"recall_" + labels_[c], recall, percent("recall", recall), false});
    metrics.push_back({"f1_" + labels_[c], f1, percent("F1", f1), false});
  }
  return metrics;
}

std::vector<CountTable> ClassEvaluation::tables() const {
  return {{"confusion", "a row for each class, a column for each that was found", labels_, labels_, counts_}};
}

}  // namespace heddle
