#include "train/commands/sweep/sweep_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>

#include "data/io/utf8.h"
#include "framework/format.h"
#include "train/analysis/picture/lines.h"
#include "train/commands/commands.h"
#include "train/run/checkpoint.h"
#include "train/run/trainer.h"

namespace heddle {
namespace {

using Json = nlohmann::ordered_json;
using State = SweepOutcome::State;
constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
constexpr double kLikely = 0.05;  // differences that chance makes more often than this are called noise

double figure_of(const Metrics& figures, const std::string& name) {
  const Metric* const figure = find_metric(figures, name);
  return figure != nullptr ? figure->value : kNone;
}

const char* name_of_state(State state) {
  constexpr const char* kNames[] = {"waiting", "complete", "stopped", "failed"};
  return kNames[static_cast<std::size_t>(state)];
}

std::string number(double value, const char* otherwise = "-") {
  return std::isnan(value) ? otherwise : fmt::format("{:.4f}", value);
}

Json to_json(const SeedSummary& s) {
  return {{"count", s.count}, {"mean", s.mean}, {"deviation", s.deviation}, {"low", s.low}, {"high", s.high}};
}

std::string interval_text(const SeedSummary& s) {
  return std::isnan(s.low) ? "" : fmt::format(", 95 % interval {:.4f} .. {:.4f}", s.low, s.high);
}

/// What a rank's difference to the best means.
std::string verdict(const SweepTable& table, const SweepRank& rank) {
  if (&rank == &table.ranks[0]) return "the best";
  if (std::isnan(rank.p)) return "cannot be told from noise: too few seeds";
  return fmt::format("{}: p = {:.2g}", rank.p < kLikely ? "more than noise" : "within the noise", rank.p);
}

/// The best combination's figures of the test split.
SeedSummary judge_on_test(const SweepPlan& plan, const SweepTable& table) {
  std::vector<double> figures;
  for (const SweepRow& row : table.rows) {
    if (row.run->combination != table.ranks[0].combination || row.outcome.state != State::complete) continue;
    const std::filesystem::path folder = std::filesystem::path(plan.folder) / row.run->name;
    const LoadedRun run = load_checkpoint(folder / "best.h5", Purpose::evaluate);
    const auto dataset = run.experiment->load_data(&run.data, folder);
    if (dataset->size(Split::test) == 0) return {};
    figures.push_back(figure_of(judge(*run.experiment, *run.model, *dataset, Split::test), plan.config.metric));
  }
  return summary_of(figures);
}

}  // namespace

std::vector<SweepRank> ranked(const SweepPlan& plan, const std::vector<SweepRow>& rows) {
  std::vector<SweepRank> ranks;
  for (std::size_t c = 0; c < plan.combinations; ++c) {
    std::vector<double> figures;
    for (const SweepRow& row : rows) {
      if (row.run->combination == c && !std::isnan(row.figure)) figures.push_back(row.figure);
    }
    ranks.push_back({c, summary_of(figures), kNone, kNone});
  }
  const auto whole = [&](const SweepRank& rank) { return rank.summary.count == std::ssize(plan.seeds); };
  std::stable_sort(ranks.begin(), ranks.end(), [&](const SweepRank& a, const SweepRank& b) {
    if (whole(a) != whole(b)) return whole(a);
    const double one = a.summary.mean, other = b.summary.mean;
    if (std::isnan(one) || std::isnan(other)) return !std::isnan(one) && std::isnan(other);
    return plan.config.lower_is_better() ? one < other : one > other;
  });
  std::vector<double> p;
  for (SweepRank& rank : ranks) {
    rank.to_best = rank.summary.mean - ranks[0].summary.mean;
    p.push_back(&rank == &ranks[0] ? kNone : welch_p(rank.summary, ranks[0].summary));
  }
  p = holm_adjusted(p);
  for (std::size_t i = 0; i < p.size(); ++i) ranks[i].p = p[i];
  return ranks;
}

SweepTable tabulate(const SweepPlan& plan, const std::vector<SweepOutcome>& outcomes) {
  SweepTable table;
  for (std::size_t i = 0; i < plan.runs.size(); ++i) {
    SweepRow row{&plan.runs[i], outcomes[i], {}, kNone};
    if (row.outcome.state == State::complete) {
      row.result = RunResult::read(std::filesystem::path(plan.folder) / row.run->name / kResultFile);
      row.figure = figure_of(row.result.best_whole, plan.config.metric);
    }
    table.rows.push_back(std::move(row));
  }
  table.ranks = ranked(plan, table.rows);
  table.test = judge_on_test(plan, table);
  return table;
}

std::string table_text(const SweepPlan& plan, const SweepTable& table) {
  std::vector<std::vector<std::string>> rows(1);
  for (const SweepAxis& axis : plan.axes) rows[0].push_back(axis.key);
  for (const char* name : {"seeds", "mean", "deviation", "95 % interval", "to the best", ""})
    rows[0].emplace_back(name);
  for (const SweepRank& rank : table.ranks) {
    const SeedSummary& s = rank.summary;
    std::vector<std::string> row;
    for (const SweepAxis& axis : plan.axes) row.push_back(axis.values[rank.combination]);
    row.push_back(s.count == std::ssize(plan.seeds) ? fmt::format("{}", s.count)
                                                    : fmt::format("{} of {}", s.count, plan.seeds.size()));
    row.push_back(number(s.mean));
    row.push_back(number(s.deviation));
    row.push_back(std::isnan(s.low) ? "-" : number(s.low) + " .. " + number(s.high));
    row.push_back(number(rank.to_best));
    row.push_back(s.count == 0 ? "" : verdict(table, rank));
    rows.push_back(std::move(row));
  }
  std::string text = fmt::format("whole validation split's {}, {} first:\n{}", plan.config.metric,
                                 plan.config.lower_is_better() ? "lowest" : "highest", rows_text(rows, false));
  for (const SweepRow& row : table.rows) {
    if (row.outcome.state == State::failed) text += fmt::format("{} failed: {}\n", row.run->name, row.outcome.reason);
    if (row.outcome.state == State::stopped) text += fmt::format("{}: {}\n", row.run->name, row.outcome.reason);
  }
  if (table.test.count > 0)
    text += fmt::format("the best on the test split, which no choice was made on: {} {}{}\n", plan.config.metric,
                        number(table.test.mean), interval_text(table.test));
  if (plan.seeds.size() == 1 && plan.combinations > 1)
    text += "with one seed no difference can be told from noise; try run.seed = 1..5\n";
  return text;
}

std::string table_csv(const SweepPlan& plan, const SweepTable& table) {
  std::vector<std::vector<std::string>> rows(1);
  for (const SweepAxis& axis : plan.axes) rows[0].push_back(axis.key);
  for (const char* name : {"seeds", "mean", "deviation", "low", "high", "to_best", "p"}) rows[0].emplace_back(name);
  for (const SweepRank& rank : table.ranks) {
    std::vector<std::string>& row = rows.emplace_back();
    for (const SweepAxis& axis : plan.axes) row.push_back(axis.values[rank.combination]);
    const SeedSummary& s = rank.summary;
    row.push_back(fmt::format("{}", s.count));
    for (const double value : {s.mean, s.deviation, s.low, s.high, rank.to_best, rank.p})
      row.push_back(std::isnan(value) ? std::string() : fmt::format("{}", value));
  }
  return rows_text(rows, true);
}

std::string table_json(const SweepPlan& plan, const SweepTable& table) {
  Json out = {{"sweep", plan.name},
              {"metric", plan.config.metric},
              {"lower_is_better", plan.config.lower_is_better()},
              {"seeds", plan.seeds},
              {"combinations", Json::array()}};
  if (table.test.count > 0) out["best_on_test"] = to_json(table.test);
  for (const SweepRank& rank : table.ranks) {
    Json values = Json::object(), runs = Json::array();
    for (const SweepAxis& axis : plan.axes) values[axis.key] = axis.values[rank.combination];
    for (const SweepRow& row : table.rows) {
      if (row.run->combination != rank.combination) continue;
      Json run = {{"run", row.run->name}, {"state", name_of_state(row.outcome.state)}};
      if (!row.outcome.reason.empty()) run["reason"] = row.outcome.reason;
      if (row.outcome.state == State::complete) run.update(Json::parse(row.result.json()));
      runs.push_back(std::move(run));
    }
    Json combination = {{"values", std::move(values)}};
    combination.update(to_json(rank.summary));
    combination.update({{"to_best", rank.to_best}, {"p", rank.p}, {"runs", std::move(runs)}});
    out["combinations"].push_back(std::move(combination));
  }
  return out.dump(2) + '\n';
}

std::string table_plot(const SweepPlan& plan, const SweepTable& table) {
  LinePicture picture{plan.name + ": whole validation split's " + plan.config.metric, {}};
  for (const SweepAxis& axis : plan.axes) {
    LinePicture::Line runs{"a run", {}, false}, best{"the best mean", {}};
    bool numbers = true;
    for (const SweepRank& rank : table.ranks) {
      const std::optional<double> number = number_in(axis.values[rank.combination]);
      numbers = numbers && number;
      const double x = number.value_or(0);
      for (const SweepRow& row : table.rows) {
        if (row.run->combination == rank.combination && std::isfinite(row.figure))
          runs.points.emplace_back(x, row.figure);
      }
      const auto is_there = [&](const auto& point) { return point.first == x; };  // ranks come best first
      if (std::isfinite(rank.summary.mean) && std::none_of(best.points.begin(), best.points.end(), is_there))
        best.points.emplace_back(x, rank.summary.mean);
    }
    if (!numbers || runs.points.empty()) continue;
    std::sort(best.points.begin(), best.points.end());
    const double low = best.points.front().first, high = best.points.back().first;
    constexpr double kWide = 8;  // values so far apart lie at equal ratios, not at equal differences
    picture.panels.push_back(
        {axis.key, axis.key, plan.config.metric, {std::move(runs), std::move(best)}, low > 0 && high / low >= kWide});
  }
  return picture.panels.empty() ? "" : svg(picture);
}

std::string best_config(const SweepPlan& plan, const SweepTable& table) {
  const SweepRank& best = table.ranks[0];
  ensure(best.summary.count > 0, "sweep ", plan.folder, ": no run is complete; the lines above say why");
  for (const SweepRun& run : plan.runs) {
    if (run.combination != best.combination) continue;
    Experiment experiment(Settings::from_text(run.config, run.name));
    experiment.run.name = plan.name + "_best";
    experiment.run.dir.clear();
    const std::string values = plan.text_of(best.combination);
    return fmt::format(
        "# The best of {} combination{} of sweep {}{}\n# {} of the whole validation split {:.4f}, mean of {} "
        "seed{}{}\n\n{}",
        plan.combinations, plan.combinations == 1 ? "" : "s", plan.name, values.empty() ? "" : ": " + one_line(values),
        plan.config.metric, best.summary.mean, best.summary.count, best.summary.count == 1 ? "" : "s",
        interval_text(best.summary), experiment.text());
  }
  return "";
}

}  // namespace heddle
