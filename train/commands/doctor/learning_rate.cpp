#include "train/commands/doctor/learning_rate.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "train/analysis/picture/lines.h"
#include "train/commands/commands.h"
#include "train/commands/doctor/practice.h"

namespace heddle {
namespace {

constexpr index_t kSteps = 60, kJudged = 12;

/// The mean loss of the last steps at a constant rate, after a short warm-up; infinite where it diverged.
double loss_at(const Patient& patient, double rate, double& first) {
  constexpr double kWarmup = 15;
  const Practised run = practise(
      patient, {kSteps, [&](index_t step) { return rate * std::min(1.0, static_cast<double>(step + 1) / kWarmup); },
                false, "trying learning rates"});
  if (run.diverged || run.losses.empty()) return std::numeric_limits<double>::infinity();
  first = run.losses[0];
  const auto judged = std::min<std::ptrdiff_t>(kJudged, std::ssize(run.losses));
  double mean = 0;
  for (auto at = run.losses.end() - judged; at != run.losses.end(); ++at) mean += *at / static_cast<double>(judged);
  return std::isfinite(mean) ? mean : std::numeric_limits<double>::infinity();
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
  double first = 0;
  const double now = loss_at(patient, lr, first), tenth = loss_at(patient, lr / 10, first);
  Finding finding;
  finding.figures = {{"lr", lr},    {"steepest", test.steepest}, {"diverges", test.diverges}, {"first_loss", first},
                     {"loss", now}, {"loss_at_a_tenth", tenth}};
  finding.found = fmt::format(
      "loss after {} steps of {} rows from {:.3f}: {:.3f} at optim.lr = {:g}, {:.3f} at a tenth of it; it falls "
      "fastest at {:.1e}",
      kSteps, run.rows, first, now, lr, tenth, test.steepest);
  finding.found += test.diverges > 0 ? fmt::format(", and rises from {:.1e} on", test.diverges) : ", and rises nowhere";
  if (!patient.picture.empty() && test.losses.size() > 1)
    finding.found += write_picture(patient.picture, picture_of(test, lr));
  if (now > 1.1 * tenth && now > tenth + 0.02 * std::abs(first)) {
    finding.verdict = Verdict::wrong;
    finding.advice = fmt::format("the rate is too high: try optim.lr = {:.0e}", lr / 10);
  } else if (std::isinf(now) || first - now < 0.01 * std::abs(first)) {
    finding.verdict = Verdict::look;
    finding.advice = "the loss hardly falls at this rate nor at a tenth: try a higher one";
  }
  return finding;
}

}  // namespace heddle
