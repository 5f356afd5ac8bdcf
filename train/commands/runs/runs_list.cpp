#include <fmt/format.h>

#include <algorithm>
#include <iostream>
#include <optional>

#include "train/commands/commands.h"
#include "train/commands/json.h"
#include "train/commands/runs/facts.h"

namespace heddle {
namespace {

const std::vector<std::string> kColumns = {"name",       "status",  "step",     "steps",      "best_loss", "best_step",
                                           "whole_loss", "seconds", "run.seed", "model.kind", "when"};

/// -1, 0, 1: numbers as such, and before all else, which goes by its letters.
int compare(const nlohmann::json& fact, const nlohmann::json& other) {
  if (fact.is_number() && other.is_number()) {
    const auto a = fact.get<double>(), b = other.get<double>();
    return a < b ? -1 : a > b ? 1 : 0;
  }
  if (fact.is_number() != other.is_number()) return fact.is_number() ? -1 : 1;
  const auto text = [](const nlohmann::json& of) { return of.is_string() ? of.get<std::string>() : of.dump(); };
  const int order = text(fact).compare(text(other));
  return order < 0 ? -1 : order > 0 ? 1 : 0;
}

/// What a run must be to be listed: "optim.lr=1e-3", "best_loss<0.7".
struct Condition {
  std::string name, sign, value;

  /// Errors (UsageError): it is none.
  explicit Condition(const std::string& text) {
    const std::size_t at = text.find_first_of("=!<>");
    const std::size_t behind = text.find_first_not_of("=!<>", at);
    if (at != text.npos) sign = text.substr(at, behind == text.npos ? behind : behind - at);
    constexpr std::array kSigns = {"=", "!=", "<", "<=", ">", ">="};
    const bool ordered = sign.starts_with('<') || sign.starts_with('>');
    if (at == 0 || std::find(kSigns.begin(), kSigns.end(), sign) == kSigns.end() || (ordered && behind == text.npos))
      throw UsageError(
          fmt::format("runs list: --where {}: wants NAME=VALUE, or !=, <, <=, > or >= between them", text));
    name = text.substr(0, at);
    if (behind != text.npos) value = text.substr(behind);
  }

  bool holds_for(const NamedRun& run) const {
    const nlohmann::json fact = fact_of(run, name);
    const std::optional<double> number = number_in(value);
    if (fact.is_null() || (fact.is_number() && !number)) return sign == "!=";  // it has no order to the value
    const int order = compare(fact, fact.is_number() ? nlohmann::json(*number) : nlohmann::json(value));
    if (sign == "=") return order == 0;
    if (sign == "!=") return order != 0;
    return (order != 0 && (order < 0) == (sign[0] == '<')) || (order == 0 && sign.size() == 2);
  }
};

}  // namespace

int runs_list(const std::vector<std::string>& arguments) {
  std::string folder = "runs", sort = "name";
  std::vector<std::string> columns, where;
  bool descending = false, csv = false, json = false;
  CommandLine line;
  line.usage = "runs list [FOLDER] [options]";
  line.summary =
      "The runs in FOLDER (runs) and in its folders, as of sweeps, a line each, by what the small files of each say.\n"
      "NAME is what stands above the columns, a column of metrics.csv (its last figure; of speeds the median), a\n"
      "figure of the whole validation split (whole_loss of the last weights, best_whole_loss of the best ones), or\n"
      "any key of the config, as optim.lr. weights is a hash of the last weights.";
  line.words = 0;
  line.more_words = 1;
  line.options = {
      Key("columns", columns, "NAMEs that are shown behind each run's, in the place of the usual ones").separated(),
      {"sort", sort, "NAME by which runs are sorted; those that lack it come last"},
      {"descending", descending, "the largest first"},
      {"where", where, "only runs of which this holds: NAME=VALUE, or !=, <, <=, >, >="},
      {"csv", csv, "print CSV"},
      {"json", json, "print JSON: of each run all that is known, or the columns that were asked for"}};
  if (!line.parse(arguments)) return 0;
  if (csv && json) throw UsageError("runs list: --csv and --json are two forms; choose one");
  if (!line.positional.empty()) folder = line.positional[0];
  std::vector<NamedRun> runs = runs_in(folder);
  std::vector<Condition> conditions(where.begin(), where.end());
  for (const std::string& name : columns) check_fact("list", name, runs);
  for (const Condition& condition : conditions) check_fact("list", condition.name, runs);
  check_fact("list", sort, runs);
  if (runs.empty()) tell({fmt::format("runs list: {} holds no runs", folder)});
  std::erase_if(runs, [&](const NamedRun& run) {
    return !std::all_of(conditions.begin(), conditions.end(), [&](const Condition& c) { return c.holds_for(run); });
  });
  std::vector<std::pair<nlohmann::json, const NamedRun*>> sorted;
  for (const NamedRun& run : runs) sorted.emplace_back(fact_of(run, sort), &run);
  std::stable_sort(sorted.begin(), sorted.end(), [&](const auto& a, const auto& b) {
    if (a.first.is_null() || b.first.is_null()) return !a.first.is_null() && b.first.is_null();
    const int order = compare(a.first, b.first);
    return descending ? order > 0 : order < 0;
  });
  std::vector<std::string> shown = kColumns;
  if (!columns.empty()) {
    shown = columns;
    std::erase(shown, "name");
    shown.insert(shown.begin(), "name");
  }
  std::vector<std::vector<std::string>> rows{shown};
  nlohmann::json all = nlohmann::json::array();
  std::vector<std::string> problems;
  for (const auto& [by, run] : sorted) {
    std::vector<std::string>& row = rows.emplace_back();
    nlohmann::json one;
    for (const std::string& name : shown) {
      one[name] = fact_of(*run, name);
      row.push_back(csv && one[name].is_number() ? one[name].dump() : fact_text(name, one[name]));
      if (!csv && row.back().empty()) row.back() = "-";
    }
    if (columns.empty()) {
      for (const std::string& name : fact_names({*run})) one[name] = fact_of(*run, name);
      one["folder"] = run->record.folder.string();
      one["config"] = config_json(*run);
    }
    all.push_back(std::move(one));
    for (const std::string& problem : run->record.problems)
      problems.push_back(fmt::format("{}: {}", run->name, problem));
  }
  print_answer(json, all, rows_text(rows, csv));
  std::cout.flush();
  tell(problems);
  return 0;
}

}  // namespace heddle
