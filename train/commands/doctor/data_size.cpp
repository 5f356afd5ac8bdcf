#include <fmt/format.h>

#include "framework/format.h"
#include "train/commands/doctor/doctor.h"

namespace heddle {

Check check_data_size;

Finding check_data_size(const Patient& patient) {
  const index_t training = patient.dataset.size(Split::train), validating = patient.dataset.size(Split::val);
  const index_t rows = patient.experiment.train.batch_size * patient.experiment.learner->micro_batches();
  const auto feed = patient.experiment.make_feed(patient.dataset);
  const TrainConfig plan = patient.experiment.plan(feed->steps_per_epoch());
  const double passes = static_cast<double>(plan.steps) / feed->steps_per_epoch();
  const auto count = [](index_t n) { return human_count(static_cast<double>(n)); };
  Finding finding;
  finding.figures = {
      {"training", static_cast<double>(training)}, {"validating", static_cast<double>(validating)}, {"passes", passes}};
  finding.found =
      fmt::format("{} examples train, {} validate; a step takes {}, and {} steps go through them {:.3g} times",
                  count(training), count(validating), count(rows), count(plan.steps), passes);
  if (validating == 0) {
    finding.verdict = Verdict::wrong;
    finding.advice = "nothing validates: give data.val_fraction or data.val_path";
  } else if (training < rows) {
    finding.verdict = Verdict::wrong;
    finding.advice =
        "there are fewer examples than a step takes: give more data, or a smaller train.batch_size or model.block_size";
  } else if (validating < 8) {
    finding.verdict = Verdict::look;
    finding.advice =
        "so few examples hardly tell a better model from a worse: give a larger data.val_fraction, or more data";
  } else if (passes > 500) {
    finding.verdict = Verdict::look;
    finding.advice =
        "each example is seen very often: give more data or fewer steps, or see to it that dropout and "
        "train.early_stop hold the model";
  }
  return finding;
}

}  // namespace heddle
