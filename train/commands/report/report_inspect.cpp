#include <algorithm>

#include "models/capabilities.h"
#include "train/commands/inspect/answers.h"
#include "train/commands/report/report_command.h"

namespace heddle {
namespace {

/// Whether anything passes through the model under a name that ends so.
bool offers(const ReportedRun& reported, const std::string& end) {
  if (!reported.dataset || reported.dataset->size(Split::val) == 0) return false;
  const std::vector<Batch> batches = validating_batches(*reported.dataset, 1);
  return heddle::offers(*reported.run.model, reported.run.data, batches[0], end);
}

}  // namespace

nlohmann::json report_heads(const ReportedRun& reported) {
  return offers(reported, "attention/weights") ? heads_answer(reported.run, *reported.dataset, kInspectedTokens, true)
                                               : nlohmann::json();
}

nlohmann::json report_geometry(const ReportedRun& reported) {
  return offers(reported, "hidden_states/0") ? geometry_answer(reported.run, *reported.dataset) : nlohmann::json();
}

nlohmann::json report_circuits(const ReportedRun& reported) {
  const auto parameters = reported.run.model->named_parameters();  // by these alone: no data is needed
  const bool attends = std::any_of(parameters.begin(), parameters.end(), [](const NamedParameter& parameter) {
    return parameter.name.ends_with("attention/proj/weight");
  });
  return attends ? circuits_answer(reported.run) : nlohmann::json();
}

nlohmann::json report_lens(const ReportedRun& reported) {
  constexpr std::int64_t kShown = 3;
  if (find_capability<HasTokenStream>(*reported.run.model) == nullptr) return {};
  const std::optional<Passage> passage = find_passage(reported);
  if (!passage || passage->what == std::string("class")) return {};
  return lens_answer(reported.run, passage->example, passage->place, kShown);
}

}  // namespace heddle
