#include "train/commands/sweep/median_stop.h"

#include <algorithm>
#include <cmath>

namespace heddle {
namespace {

constexpr std::size_t kLeast = 3;

/// The best figure of the evaluations until a step; how far they go is the last of them.
struct BestSoFar {
  std::vector<std::int64_t> steps;
  std::vector<double> best;

  std::int64_t last() const { return steps.empty() ? 0 : steps.back(); }
  double at(std::int64_t step) const {
    const auto after = std::upper_bound(steps.begin(), steps.end(), step);
    return best[static_cast<std::size_t>(after - steps.begin()) - 1];
  }
  void end_after(std::int64_t step) {
    const auto keep = std::upper_bound(steps.begin(), steps.end(), step) - steps.begin();
    steps.resize(static_cast<std::size_t>(keep));
    best.resize(steps.size());
  }
};

BestSoFar best_so_far(const History& history, const std::string& column, double sign) {
  BestSoFar out;
  const std::vector<double> figures = history.column(column);
  for (std::size_t row = 0; row < figures.size(); ++row) {
    if (std::isnan(figures[row])) continue;
    out.steps.push_back(history.step(row));
    const double figure = sign * figures[row];
    out.best.push_back(out.best.empty() ? figure : std::min(out.best.back(), figure));
  }
  return out;
}

double median_of(std::vector<double> values) {
  const auto middle = values.begin() + std::ssize(values) / 2;
  std::nth_element(values.begin(), middle, values.end());
  if (values.size() % 2 == 1) return *middle;
  return (*middle + *std::max_element(values.begin(), middle)) / 2;
}

}  // namespace

std::vector<std::optional<MedianStop>> median_stops(const std::vector<MeasuredRun>& runs, const std::string& column,
                                                    bool lower_is_better) {
  const double sign = lower_is_better ? 1 : -1;  // so that lower is better below
  std::vector<std::optional<MedianStop>> stops(runs.size());
  std::vector<BestSoFar> before;  // as far as it is decided that they got there
  std::vector<bool> open;         // they may get further
  for (std::size_t i = 0; i < runs.size(); ++i) {
    BestSoFar mine = best_so_far(runs[i].history, column, sign);
    open.push_back(!runs[i].over);
    for (std::size_t e = 0; e < mine.steps.size() && !stops[i]; ++e) {
      const std::int64_t step = mine.steps[e];
      std::vector<double> others;
      bool known = true;
      for (std::size_t j = 0; j < i; ++j) {
        known = known && (before[j].last() >= step || !open[j]);
        if (before[j].last() >= step) others.push_back(before[j].at(step));
      }
      if (!known) {
        open[i] = true;
        mine.end_after(step - 1);
        break;
      }
      if (others.size() < kLeast) continue;
      const double median = median_of(others);
      if (mine.best[e] > median) stops[i] = MedianStop{step, sign * mine.best[e], sign * median, others.size()};
    }
    if (stops[i]) {
      mine.end_after(stops[i]->step);
      open[i] = false;
    }
    before.push_back(std::move(mine));
  }
  return stops;
}

}  // namespace heddle
