#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iostream>
#include <map>

#include "train/analysis/picture/lines.h"
#include "train/commands/commands.h"
#include "train/commands/json.h"
#include "train/commands/runs/facts.h"

namespace heddle {
namespace {

/// Keys that say where a run lies, and not what it is.
bool is_of_place(const std::string& key) { return key == "run.name" || key == "run.dir" || key == "run.started_in"; }

/// The keys in which one of the runs differs from the first that has a config.
std::vector<std::string> differing_keys(const std::vector<NamedRun>& runs) {
  std::vector<std::string> names;
  const NamedRun* first = nullptr;
  for (const NamedRun& run : runs) {
    if (!run.record.experiment) continue;
    if (first == nullptr) first = &run;
    for (const KeyDifference& key :
         differences(first->record.experiment->sections(), run.record.experiment->sections())) {
      if (!is_of_place(key.name) && std::find(names.begin(), names.end(), key.name) == names.end())
        names.push_back(key.name);
    }
  }
  return names;
}

/// The names of the runs that have each weights, of those whose weights are known.
std::map<std::string, std::vector<std::string>> by_weights(const std::vector<NamedRun>& runs) {
  std::map<std::string, std::vector<std::string>> all;
  for (const NamedRun& run : runs) {
    if (run.record.result) all[run.record.result->weights].push_back(run.name);
  }
  return all;
}

/// The courses of each metric, a panel each. Errors: nobody measured it.
LinePicture picture_of(const std::vector<NamedRun>& runs, const std::vector<std::string>& metrics,
                       std::vector<std::string>& notices) {
  LinePicture picture;
  picture.title = fmt::format("{} runs", runs.size());
  for (const std::string& metric : metrics) {
    LinePicture::Panel panel{metric, "step", metric, {}};
    for (const NamedRun& run : runs) {
      const std::vector<double> values = run.record.history.column(metric);
      LinePicture::Line line{run.name, {}};
      for (std::size_t row = 0; row < values.size(); ++row) {
        if (std::isfinite(values[row]))
          line.points.emplace_back(static_cast<double>(run.record.history.step(row)), values[row]);
      }
      if (line.points.empty()) {
        notices.push_back(fmt::format("runs compare: {} has no {}, and no line of it", run.name, metric));
      } else {
        panel.lines.push_back(std::move(line));
      }
    }
    ensure(!panel.lines.empty(), "runs compare: none of these runs has measured ", metric,
           " yet; --metric names another column of metrics.csv");
    picture.panels.push_back(std::move(panel));
  }
  return picture;
}

}  // namespace

int runs_compare(const std::vector<std::string>& arguments) {
  std::string output;
  std::vector<std::string> metrics;
  bool csv = false, json = false;
  CommandLine line;
  line.usage = "runs compare RUN RUN... [options]";
  line.summary =
      "Runs side by side: the keys that differ, where they stand, their figures (the last of each column of "
      "metrics.csv,\n"
      "of speeds the median; whole_ and best_whole_ of the whole validation split, with the last weights and the "
      "best),\n"
      "and whether their last weights are the same. --output draws their courses into one picture.";
  line.words = 2;
  line.more_words = 1000;
  line.options = {
      Key("output", output, "the picture to be drawn: .svg, .png or .pdf").path(),
      Key("metric", metrics, "columns of metrics.csv that are drawn, a panel each; none: val_loss").separated(),
      {"csv", csv, "print CSV"},
      {"json", json, "print JSON"}};
  if (!line.parse(arguments)) return 0;
  if (csv && json) throw UsageError("runs compare: --csv and --json are two forms; choose one");
  if (!metrics.empty() && output.empty())
    throw UsageError("runs compare: --metric says what is drawn; name the picture with --output FILE.svg");
  if (!output.empty()) check_output("runs compare", output, kPictures);
  std::vector<NamedRun> runs;
  std::vector<std::string> notices;
  for (const std::string& name : line.positional) {
    runs.push_back(named_run(name));
    for (const std::string& problem : runs.back().record.problems)
      notices.push_back(fmt::format("{}: {}", name, problem));
  }
  for (const std::string& metric : metrics) check_fact("compare", metric, runs);
  if (metrics.empty()) metrics = {"val_loss"};
  std::string drawn;
  if (!output.empty()) drawn = write_picture(output, svg(picture_of(runs, metrics, notices)));

  const std::vector<std::string> keys = differing_keys(runs);
  std::vector<std::string> names = fact_names(runs);
  std::erase(names, "name");
  std::erase(names, "problem");
  names.insert(names.begin(), keys.begin(), keys.end());
  std::vector<std::vector<std::string>> rows{{"run"}};
  nlohmann::ordered_json all = nlohmann::json::array();
  for (const NamedRun& run : runs) {
    rows[0].push_back(run.name);
    all.push_back({{"run", run.name}, {"folder", run.record.folder.string()}});
  }
  for (const std::string& name : names) {
    std::vector<std::string>& row = rows.emplace_back(1, name);
    for (std::size_t i = 0; i < runs.size(); ++i) {
      const nlohmann::json fact = fact_of(runs[i], name);
      all[i][name] = fact;
      row.push_back(csv && fact.is_number() ? fact.dump() : fact_text(name, fact));
      if (!csv && row.back().empty()) row.back() = "-";
    }
  }
  std::string text = rows_text(rows, csv);
  const auto weights = by_weights(runs);
  for (const auto& [hash, same] : weights) {
    if (!csv && same.size() > 1) text += fmt::format("the same weights: {}\n", fmt::join(same, ", "));
  }
  if (!csv && weights.size() == runs.size()) text += "all have other weights\n";
  print_answer(json, {{"differing", keys}, {"runs", all}}, text + (csv ? "" : drawn));
  std::cout.flush();
  tell(notices);
  return 0;
}

}  // namespace heddle
