#include <algorithm>
#include <charconv>
#include <cmath>
#include <set>

#include "data/io/file.h"
#include "data/io/lines.h"
#include "train/commands/inspect/heads_listener.h"
#include "train/commands/report/report_command.h"
#include "train/tasks/task.h"

namespace heddle {
namespace {

/// A whole number in [from, to) of a text; none: -1.
std::int64_t step_in(std::string_view text) {
  std::int64_t step = -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), step);
  return error == std::errc() && end == text.data() + text.size() ? step : -1;
}

nlohmann::json config_rows(Experiment& experiment) {
  nlohmann::json rows = nlohmann::json::array();
  for (const Section& section : experiment.sections()) {
    for (const Key& key : section.keys)
      rows.push_back({{"key", section.name + '.' + key.name}, {"value", value_text(key)}, {"meaning", key.help}});
  }
  return rows;
}

nlohmann::json history_json(const History& history) {
  std::vector<std::int64_t> steps;
  for (std::size_t i = 0; i < history.size(); ++i) steps.push_back(history.step(i));
  nlohmann::json columns = nlohmann::json::array();
  for (const std::string& name : history.names())
    columns.push_back({{"name", name}, {"values", numbers(history.column(name), 6)}});
  return {{"step", steps}, {"columns", std::move(columns)}};
}

/// At most the last `most` bytes of a file of the run's; empty where it has none.
std::string end_of(const std::filesystem::path& path, std::size_t most) {
  if (!std::filesystem::is_regular_file(path)) return "";
  std::string text = read_file(path);
  if (text.size() > most) text.erase(0, text.find('\n', text.size() - most) + 1);
  return text;
}

}  // namespace

nlohmann::json report_course(const ReportedRun& reported) {
  const LoadedRun& run = reported.run;
  Experiment& experiment = *run.experiment;
  Unit unit{"target", "inputs"};
  nlohmann::json whole;  // figures of the whole validation split, as baselines are of it
  if (reported.dataset != nullptr) {
    const auto task = experiment.make_task(*run.model, *reported.dataset);
    unit = task->unit();
    EvaluationOptions options;
    options.rows = experiment.train.batch_size;
    options.precision = experiment.precision();
    options.contiguous = experiment.train.order == Order::contiguous;
    for (const Metric& metric : evaluate(*task, *reported.dataset, Split::val, options))
      whole[metric.name] = metric.value;
  }
  nlohmann::json baselines = nlohmann::json::array();
  for (const Baseline& one : reported.course.baselines.all)
    baselines.push_back({{"name", one.name}, {"value", one.value}});
  return {{"name", experiment.run.name},
          {"folder", reported.folder.string()},
          {"checkpoint", run.name().path.filename().string()},
          {"checkpoint_step", run.name().step},
          {"step", reported.course.step},
          {"steps", experiment.train.steps},
          {"model", experiment.model_kind},
          {"data", experiment.data_kind},
          {"described", reported.dataset == nullptr ? "" : reported.dataset->describe()},
          {"parameters", count_elements(run.model->named_parameters())},
          {"processor", run.origin.processor},
          {"program", run.origin.program + " (" + run.origin.commit + ")"},
          {"precision", run.origin.precision},
          {"target", unit.target},
          {"best_val_loss", reported.course.best_val_loss},
          {"whole", std::move(whole)},
          {"baselines", std::move(baselines)},
          {"baselines_of", reported.course.baselines.metric},
          {"lower_is_better", reported.course.baselines.lower_is_better},
          {"history", history_json(reported.course.history)},
          {"config", config_rows(experiment)},
          {"log", end_of(reported.folder / "log.txt", 60000)}};
}

nlohmann::json report_samples(const ReportedRun& reported) {
  constexpr std::size_t kMost = 200;
  nlohmann::json samples = nlohmann::json::array();
  const std::filesystem::path path = reported.folder / "samples.txt";
  std::int64_t step = -1;
  std::string text;
  const auto keep = [&] {
    while (text.ends_with('\n')) text.pop_back();
    if (step >= 0) samples.push_back({{"step", step}, {"text", text}});
    text.clear();
  };
  if (std::filesystem::is_regular_file(path)) {
    constexpr std::string_view kBefore = "--- after step ", kBehind = " ---";
    for_lines(path.string(), "report", [&](const std::string& line, const std::string&) {
      std::int64_t next = -1;
      if (line.starts_with(kBefore) && line.ends_with(kBehind) && line.size() > kBefore.size() + kBehind.size())
        next = step_in(std::string_view(line).substr(kBefore.size(), line.size() - kBefore.size() - kBehind.size()));
      if (next <= step) {  // a text of its own may look like that, too
        text += line + '\n';
        return;
      }
      keep();
      step = next;
    });
    keep();
  }
  if (samples.size() > kMost) {  // as many, spread over all
    nlohmann::json some = nlohmann::json::array();
    for (std::size_t i = 0; i < kMost; ++i) some.push_back(samples[i * (samples.size() - 1) / (kMost - 1)]);
    samples = std::move(some);
  }
  nlohmann::json now;
  if (reported.dataset != nullptr) {
    const Experiment& experiment = *reported.run.experiment;
    const auto task = experiment.make_task(*reported.run.model, *reported.dataset);
    constexpr std::int64_t kTokens = 100;
    const std::string text_now = task->sample(std::clamp(experiment.train.sample_tokens, kTokens / 2, 2 * kTokens));
    if (!text_now.empty()) now = {{"step", reported.run.name().step}, {"text", text_now}};
  }
  if (samples.empty() && now.is_null()) return nullptr;
  return {{"over_time", std::move(samples)}, {"now", std::move(now)}};
}

nlohmann::json report_heads_course(const ReportedRun& reported) {
  const std::vector<LoggedHead> logged = read_heads_log(reported.folder, reported.course.step);
  if (logged.empty()) return nullptr;
  std::set<std::string> parameters;
  for (const NamedParameter& parameter : reported.run.model->named_parameters()) parameters.insert(parameter.name);
  nlohmann::json names = {"step", "attention", "head"}, rows = nlohmann::json::array();
  for (const HeadRoleText& role : kHeadRoles) names.push_back(role.name);
  for (const LoggedHead& head : logged) {
    ensure(parameters.contains(head.attention + "/proj/weight"), "report: ", reported.folder.string(),
           "/heads.csv tells of ", head.attention, ", which this model does not have; is it another run's?");
    nlohmann::json& row = rows.emplace_back(nlohmann::json{head.step, head.attention, head.head});
    for (const double score : head.scores)
      row.push_back(std::isnan(score) ? nlohmann::json() : nlohmann::json(with_digits(score, 4)));
  }
  return {{"names", std::move(names)}, {"rows", std::move(rows)}};
}

}  // namespace heddle
