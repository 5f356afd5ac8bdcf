#include <algorithm>

#include "data/images/picture.h"
#include "train/commands/report/report_command.h"
#include "train/tasks/class_evaluation.h"

namespace heddle {

nlohmann::json report_classes(const ReportedRun& reported) {
  if (reported.run.data.labels.empty() || reported.dataset == nullptr) return nullptr;
  constexpr index_t kMostExamples = 4000;
  constexpr std::size_t kWorst = 24;
  const Experiment& experiment = *reported.run.experiment;
  const Dataset& dataset = *reported.dataset;
  const auto task = experiment.make_task(*reported.run.model, dataset);
  EvaluationOptions how{experiment.train.batch_size, 0, experiment.precision()};
  if (dataset.size(Split::val) > kMostExamples) how.batches = std::max<index_t>(1, kMostExamples / how.rows);
  const auto evaluation = task->evaluation(Split::val, how);
  add_split(*evaluation, *task, dataset, Split::val, how);
  nlohmann::json figures = nlohmann::json::array(), worst = nlohmann::json::array();
  for (const Metric& metric : evaluation->result()) figures.push_back({{"name", metric.name}, {"value", metric.value}});
  nlohmann::json out = {{"labels", dataset.state().labels}, {"figures", std::move(figures)}};
  for (const CountTable& table : evaluation->tables()) {
    if (table.name != "confusion") continue;
    nlohmann::json rows = nlohmann::json::array();
    for (auto row = table.counts.begin(); row != table.counts.end(); row += std::ssize(table.columns))
      rows.push_back(std::vector(row, row + std::ssize(table.columns)));
    out["confusion"] = std::move(rows);
  }
  const auto* const classes = dynamic_cast<const ClassEvaluation*>(evaluation.get());
  const auto* const pictures = dynamic_cast<const Pictures*>(&dataset);
  for (const Mistake& mistake : surest(classes == nullptr ? std::vector<Mistake>() : classes->mistakes(), kWorst)) {
    worst.push_back(
        {{"is", mistake.is}, {"found", mistake.found}, {"probability", with_digits(mistake.probability, 5)}});
    if (pictures == nullptr) continue;
    const Picture picture = pictures->picture(Split::val, mistake.example);
    constexpr index_t kLargest = 64;
    if (std::max(picture.height, picture.width) > kLargest) continue;
    worst.back().update({{"channels", picture.channels},
                         {"height", picture.height},
                         {"width", picture.width},
                         {"pixels", std::vector<int>(picture.pixels.begin(), picture.pixels.end())}});
  }
  out["worst"] = std::move(worst);
  return out;
}

}  // namespace heddle
