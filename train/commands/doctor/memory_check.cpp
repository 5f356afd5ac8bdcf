#include <fmt/format.h>

#include "framework/format.h"
#include "train/commands/doctor/doctor.h"
#include "train/run/memory.h"

namespace heddle {

Check check_memory;

Finding check_memory(const Patient& patient) {
  const FreshModel fresh = patient.fresh();
  Trainer trainer(patient.experiment, patient.dataset, *fresh.model, *fresh.learner);
  const MemoryLimit limit = memory_limit(patient.experiment.train);
  Finding finding;
  try {
    trainer.check_memory_limit();
  } catch (const Error& e) {
    return {Verdict::wrong, e.what(), "change these, and look again"};
  }
  const double bytes = trainer.estimate_memory().total();
  finding.figures = {{"bytes", bytes}, {"limit", limit.bytes}};
  finding.found =
      fmt::format("training is expected to take {}; {} are there", human_bytes(bytes), human_bytes(limit.bytes));
  if (bytes > 0.8 * limit.bytes) {
    finding.verdict = Verdict::look;
    finding.advice =
        "little is left for other programs: lower train.batch_size with more train.accumulate, or train.recompute = "
        "true";
  }
  return finding;
}

}  // namespace heddle
