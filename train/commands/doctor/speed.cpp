#include <fmt/format.h>

#include "framework/clock.h"
#include "framework/format.h"
#include "framework/parallel.h"
#include "train/bench/bench.h"
#include "train/commands/doctor/doctor.h"

namespace heddle {

Check check_speed;

Finding check_speed(const Patient& patient) {
  constexpr index_t kSteps = 4;
  const FreshModel fresh = patient.fresh();
  Trainer trainer(patient.experiment, patient.dataset, *fresh.model, *fresh.learner);
  std::vector<double> seconds;
  StepResult last;
  const double before = measure_limit(patient.experiment.precision());
  for (index_t step = 0; step < kSteps; ++step) {
    patient.reporter.progress(progress_text("measuring steps", static_cast<std::uint64_t>(step), kSteps));
    const double begun = seconds_now();
    last = trainer.step(step);
    if (step > 0) seconds.push_back(seconds_now() - begun);
  }
  const double limit = (before + measure_limit(patient.experiment.precision())) / 2;
  const double step = median(seconds), gflops = last.flops / step / 1e9, share = gflops / limit;
  const auto steps = static_cast<double>(trainer.plan().steps);
  Finding finding;
  finding.figures = {{"step_seconds", step}, {"gflops", gflops}, {"limit_gflops", limit}, {"share_of_limit", share}};
  const std::string reach = threads() == 1 ? "one thread reaches" : fmt::format("{} threads reach", threads());
  finding.found =
      fmt::format("a step takes {:.3g} ms: {:.0f} of {:.0f} GFLOP/s that {}, {:.0f} %; all {} steps {}", 1000 * step,
                  gflops, limit, reach, 100 * share, human_count(steps), human_time(steps * step));
  if (share < 0.05 && steps * step > 600) {
    finding.verdict = Verdict::look;
    finding.advice =
        "most of the time goes to other work than products: try a larger train.batch_size, and heddle bench train "
        "--profile";
  }
  return finding;
}

}  // namespace heddle
