#include <fmt/format.h>

#include <algorithm>

#include "train/commands/doctor/practice.h"

namespace heddle {

Check check_one_batch;

Finding check_one_batch(const Patient& patient) {
  constexpr index_t kSteps = 60;
  constexpr double kWarmup = 10;
  const double lr = patient.experiment.schedule.lr;
  const Practised run = practise(
      patient, {kSteps, [&](index_t step) { return lr * std::min(1.0, static_cast<double>(step + 1) / kWarmup); }, true,
                "learning one batch by heart"});
  Finding finding;
  if (run.losses.empty() || run.diverged) {
    return {Verdict::wrong, "a step on one batch is not finite",
            "lower optim.lr, or look for numbers in the data that are enormous"};
  }
  const double first = run.losses[0], last = *std::min_element(run.losses.end() - 5, run.losses.end());
  finding.figures = {{"first_loss", first}, {"last_loss", last}};
  finding.found =
      fmt::format("{} steps on the same {} rows take the loss from {:.3f} to {:.3f}", kSteps, run.rows, first, last);
  if (last > 0.98 * first) {
    finding.verdict = Verdict::wrong;
    finding.advice =
        "the model does not learn even these by heart: see that inputs belong to their targets, that train.freeze "
        "leaves enough, and that the rate is right";
  } else if (last > 0.9 * first) {
    finding.verdict = Verdict::look;
    finding.advice = "it hardly learns these by heart: try another rate, or less dropout";
  }
  return finding;
}

}  // namespace heddle
