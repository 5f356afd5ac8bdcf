#include "train/commands/runs/facts.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "framework/format.h"
#include "train/config/suggest.h"
#include "train/run/checkpoint.h"

namespace heddle {
namespace {

/// What is known of every run, but for columns, figures and keys.
struct Fact {
  const char* name;
  nlohmann::json (*of)(const NamedRun&);
};

nlohmann::json number(double value) { return std::isfinite(value) ? nlohmann::json(value) : nlohmann::json(); }

nlohmann::json step_of(const NamedRun& run) {
  if (run.record.result) return run.record.result->step;
  const History& history = run.record.history;
  return history.size() > 0 ? nlohmann::json(history.step(history.size() - 1)) : nlohmann::json();
}

const std::array kFacts = {
    Fact{"name", [](const NamedRun& run) { return nlohmann::json(run.name); }},
    Fact{"status", [](const NamedRun& run) { return nlohmann::json(name_of(run.record.status)); }},
    Fact{"step", step_of},
    Fact{"steps",
         [](const NamedRun& run) {
           const std::int64_t steps = run.record.experiment ? run.record.experiment->train.steps : 0;
           return steps > 0 ? nlohmann::json(steps) : nlohmann::json();  // by epochs the data decides
         }},
    Fact{"best_loss",
         [](const NamedRun& run) {
           const auto best = run.record.best();
           return best ? number(best->first) : nlohmann::json();
         }},
    Fact{"best_step",
         [](const NamedRun& run) {
           const auto best = run.record.best();
           return best ? nlohmann::json(best->second) : nlohmann::json();
         }},
    Fact{"when",
         [](const NamedRun& run) {
           if (run.record.written == 0) return nlohmann::json();
           return nlohmann::json(fmt::format("{:%Y-%m-%d %H:%M}", fmt::localtime(run.record.written)));
         }},
    Fact{"weights",
         [](const NamedRun& run) {
           return run.record.result ? nlohmann::json(run.record.result->weights) : nlohmann::json();
         }},
    Fact{"problem",
         [](const NamedRun& run) {
           const auto& problems = run.record.problems;
           return problems.empty() ? nlohmann::json() : nlohmann::json(fmt::format("{}", fmt::join(problems, "; ")));
         }},
};

/// A value of a config: a number where it is one.
nlohmann::json config_fact(const std::string& text) {
  const std::optional<double> value = number_in(text);
  if (!value || !std::isfinite(*value)) return text;
  std::int64_t whole = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, bad] = std::from_chars(text.data(), end, whole);
  return bad == std::errc() && stop == end ? nlohmann::json(whole) : nlohmann::json(*value);
}

nlohmann::json column_fact(const History& history, const std::string& name) {
  std::vector<double> values = history.column(name);
  values.erase(std::remove_if(values.begin(), values.end(), [](double value) { return std::isnan(value); }),
               values.end());
  if (values.empty()) return {};
  if (name == "seconds" || !is_of_time(name)) return number(values.back());
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return number(*middle);
}

constexpr std::string_view kWhole = "whole_", kBestWhole = "best_whole_";

}  // namespace

std::vector<NamedRun> runs_in(const std::string& folder) {
  std::vector<NamedRun> runs;
  for (const std::filesystem::path& path : find_runs(folder)) {
    const std::string name = path == folder ? folder : path.lexically_relative(folder).string();
    runs.push_back({name, read_record(path)});
  }
  return runs;
}

NamedRun named_run(const std::string& run) {
  std::filesystem::path path = find_run(run);
  std::error_code error;
  ensure(std::filesystem::exists(path, error), "run ", run,
         " does not exist; give a run's folder or its name in runs/");
  if (!std::filesystem::is_directory(path, error)) path = path.has_parent_path() ? path.parent_path() : ".";
  return {run, read_record(path)};
}

nlohmann::json fact_of(const NamedRun& run, const std::string& name) {
  for (const Fact& fact : kFacts) {
    if (name == fact.name) return fact.of(run);
  }
  const RunRecord& record = run.record;
  if (name.find('.') != name.npos) {
    if (!record.experiment) return {};
    const std::vector<Section> sections = record.experiment->sections();
    const Key* const key = find_key(sections, name);
    return key != nullptr ? config_fact(value_text(*key)) : nlohmann::json();
  }
  if (record.result) {
    const auto figure = [&](const Metrics& figures, std::string_view begin) -> nlohmann::json {
      if (!name.starts_with(begin)) return {};
      const Metric* const metric = find_metric(figures, std::string_view(name).substr(begin.size()));
      return metric != nullptr ? number(metric->value) : nlohmann::json();
    };
    for (const nlohmann::json& fact :
         {figure(record.result->whole, kWhole), figure(record.result->best_whole, kBestWhole)}) {
      if (!fact.is_null()) return fact;
    }
  }
  return column_fact(record.history, name);
}

std::vector<std::string> fact_names(const std::vector<NamedRun>& runs) {
  std::vector<std::string> names;
  for (const Fact& fact : kFacts) names.emplace_back(fact.name);
  const auto add = [&](const std::string& name) {
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  };
  for (const NamedRun& run : runs) {
    if (!run.record.result) continue;
    for (const Metric& metric : run.record.result->whole) add(std::string(kWhole) + metric.name);
    for (const Metric& metric : run.record.result->best_whole) add(std::string(kBestWhole) + metric.name);
  }
  for (const NamedRun& run : runs) {
    for (const std::string& name : run.record.history.names()) add(name);
  }
  return names;
}

nlohmann::ordered_json config_json(const NamedRun& run) {
  nlohmann::ordered_json all;
  if (!run.record.experiment) return all;
  for (const Section& section : run.record.experiment->sections()) {
    for (const Key& key : section.keys) all[section.name + '.' + key.name] = config_fact(value_text(key));
  }
  return all;
}

void check_fact(const std::string& part, const std::string& name, const std::vector<NamedRun>& runs) {
  std::vector<std::string> names = fact_names(runs);
  for (const char* always : {"whole_loss", "best_whole_loss", "val_loss", "train_loss", "lr", "seconds"})
    names.emplace_back(always);
  for (std::string& key : setting_names()) names.push_back(std::move(key));
  if (std::find(names.begin(), names.end(), name) != names.end()) return;
  const std::string meant = meant_by(name, names);
  throw UsageError(fmt::format("runs {}: no run knows '{}'{}", part, name,
                               meant.empty() ? "; name a column of metrics.csv, a key as optim.lr, or one of " +
                                                   fmt::format("{}", fmt::join(fact_names({}), ", "))
                                             : "; did you mean " + meant + "?"));
}

std::string fact_text(const std::string& name, const nlohmann::json& fact) {
  if (fact.is_null()) return "";
  if (fact.is_string()) return fact.get<std::string>();
  if (name == "seconds") return human_time(fact.get<double>());
  if (fact.is_number_integer()) return fmt::format("{}", fact.get<std::int64_t>());
  return fmt::format("{:.6g}", fact.get<double>());
}

}  // namespace heddle
