#include <fmt/format.h>

#include <algorithm>

#include "framework/format.h"
#include "train/commands/doctor/doctor.h"

namespace heddle {

FreshModel Patient::fresh() const {
  FreshModel fresh;
  fresh.model = experiment.build_model(dataset.state().spec());
  if (take_weights) take_weights(*fresh.model);
  fresh.learner = experiment.make_learner(*fresh.model);
  fresh.task = experiment.make_task(*fresh.model, dataset);
  return fresh;
}

index_t Patient::affordable_rows(const FreshModel& fresh) const {
  constexpr double kOperations = 2.5e10;
  const index_t micro = experiment.learner->micro_batches();
  const auto feed = experiment.make_feed(dataset);
  const double one = fresh.model->flops(feed->trial(1)) * static_cast<double>(micro);
  return std::clamp<index_t>(static_cast<index_t>(kOperations / std::max(one, 1.0)), 1, experiment.train.batch_size);
}

std::string of_all(index_t seen, index_t all, const char* what) {
  return seen < all ? fmt::format("; {} of {} {} were looked at", human_count(static_cast<double>(seen)),
                                  human_count(static_cast<double>(all)), what)
                    : "";
}

}  // namespace heddle
