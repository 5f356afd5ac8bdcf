#include "train/commands/doctor/learning_rate.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "train/analysis/picture/lines.h"
#include "train/commands/commands.h"
#include "train/commands/doctor/practice.h"

namespace heddle {
namespace {

constexpr index_t kSteps = 60, kJudged = 12;

/// The losses of steps at a constant rate, after a short warm-up; none where it diverged.
std::vector<double> losses_at(const Patient& patient, double rate, index_t& rows) {
  constexpr double kWarmup = 15;
  const Practised run = practise(
      patient, {kSteps, [&](index_t step) { return rate * std::min(1.0, static_cast<double>(step + 1) / kWarmup); },
                false, "trying learning rates"});
  rows = run.rows;
  const bool whole = !run.diverged && std::ssize(run.losses) == kSteps && std::isfinite(run.losses.back());
  return whole ? run.losses : std::vector<double>();
}

/// The mean of the last steps' losses; infinite where there are none.
double end_of(const std::vector<double>& losses) {
  if (losses.empty()) return std::numeric_limits<double>::infinity();
  return std::accumulate(losses.end() - kJudged, losses.end(), 0.0) / static_cast<double>(kJudged);
}

/// By how many standard errors the last losses lie above those that the same batches had at another rate.
double paired_z(const std::vector<double>& losses, const std::vector<double>& others) {
  if (losses.empty() || others.empty()) return 0;
  const double mean = end_of(losses) - end_of(others), count = static_cast<double>(kJudged);
  double variance = 0;
  for (auto i = kSteps - kJudged; i < kSteps; ++i) {
    const double gap = losses[static_cast<std::size_t>(i)] - others[static_cast<std::size_t>(i)];
    variance += (gap - mean) * (gap - mean) / (count - 1);
  }
  return mean / std::sqrt(std::max(variance / count, 1e-12));
}

std::string picture_of(const RangeTest& test, double lr) {
  LinePicture::Panel panel{"learning-rate range test", "learning rate", "loss, smoothed", {{"loss", {}}}, true};
  for (std::size_t i = 0; i < test.rates.size(); ++i)
    panel.lines[0].points.emplace_back(test.rates[i], std::max(test.losses[i], 1e-6));
  const auto [low, high] = std::minmax_element(test.losses.begin(), test.losses.end());
  panel.lines.push_back({fmt::format("optim.lr = {:g}", lr), {{lr, std::max(*low, 1e-6)}, {lr, *high}}});
  return svg({"How the loss goes as the rate rises", {panel}});
}

}  // namespace

RangeTest range_of(std::vector<double> rates, std::vector<double> losses, bool diverged) {
  constexpr std::size_t kSpan = 5;  // steps over which a fall is measured
  RangeTest found;
  rates.resize(losses.size());
  double fastest = 0;
  const auto lowest = std::min_element(losses.begin(), losses.end());
  for (std::size_t i = 0; i < losses.size(); ++i) {
    if (i >= kSpan && losses[i] - losses[i - kSpan] < fastest) {
      fastest = losses[i] - losses[i - kSpan];
      found.steepest = rates[i - kSpan / 2];
    }
    const bool behind = static_cast<std::ptrdiff_t>(i) > lowest - losses.begin();
    if (found.diverges == 0 && behind && losses[i] > *lowest + 0.5 * (losses[0] - *lowest)) found.diverges = rates[i];
  }
  if (found.diverges == 0 && diverged && !rates.empty()) found.diverges = rates.back();
  found.rates = std::move(rates);
  found.losses = std::move(losses);
  return found;
}

Finding check_learning_rate(const Patient& patient) {
  const double lr = patient.experiment.schedule.lr;
  if (lr == 0) return {Verdict::wrong, "optim.lr = 0: nothing is learned", "give it a rate, such as 1e-3"};
  const auto rate = [&](index_t step) {
    return lr * std::pow(10.0, -3 + 5 * static_cast<double>(step) / static_cast<double>(kRangeSteps - 1));
  };
  const Practised run = practise(patient, {kRangeSteps, rate, false, "learning-rate range test"});
  std::vector<double> rates;
  for (index_t step = 0; step < kRangeSteps; ++step) rates.push_back(rate(step));
  const RangeTest test = range_of(rates, smoothed(run.losses), run.diverged);
  index_t rows = 0;
  const std::vector<double> losses = losses_at(patient, lr, rows), slower = losses_at(patient, lr / 10, rows);
  const double now = end_of(losses), tenth = end_of(slower), z = paired_z(losses, slower);
  const double first = run.losses.empty() ? std::numeric_limits<double>::infinity() : run.losses[0];
  Finding finding;
  finding.figures = {{"lr", lr},
                     {"steepest", test.steepest},
                     {"diverges", test.diverges},
                     {"first_loss", first},
                     {"loss", now},
                     {"loss_at_a_tenth", tenth},
                     {"deviations", z}};
  finding.found = fmt::format(
      "loss after {} steps of {} rows from {:.3f}: {:.3f} at optim.lr = {:g}, {:.3f} at a tenth of it; it falls "
      "fastest at {:.1e}",
      kSteps, rows, first, now, lr, tenth, test.steepest);
  if (test.steepest > 0 && lr > 2 * test.steepest && first - now > 0.05 * std::abs(first))
    finding.found += fmt::format(", {:.2g} times less (what {} steps bear may be too high for a whole run)",
                                 lr / test.steepest, kSteps);
  finding.found += test.diverges > 0 ? fmt::format(", and rises from {:.1e} on", test.diverges) : ", and rises nowhere";
  if (!patient.picture.empty() && test.losses.size() > 1)
    finding.found += write_picture(patient.picture, picture_of(test, lr));
  if (std::isinf(now) || now > 1.05 * first) {
    finding.verdict = Verdict::wrong;
    finding.advice = fmt::format("the rate is far too high, as the loss rises: try optim.lr = {:.0e}",
                                 std::isfinite(tenth) && tenth < first ? lr / 10 : test.steepest);
  } else if (now > 1.1 * tenth && now > tenth + 0.02 * std::abs(first)) {
    finding.verdict = Verdict::wrong;
    finding.advice = fmt::format("the rate is too high: try optim.lr = {:.0e}", lr / 10);
  } else if (now > 1.01 * tenth && z > 4) {
    finding.verdict = Verdict::look;
    finding.advice = fmt::format(
        "on the same batches a tenth of the rate does better: try rates between {:.0e} and this one", lr / 10);
  } else if (first - now < 0.01 * std::abs(first)) {
    finding.verdict = Verdict::look;
    finding.advice = "the loss hardly falls at this rate nor at a tenth: try a higher one";
  }
  return finding;
}

}  // namespace heddle
