#include "train/commands/doctor/practice.h"

#include <algorithm>
#include <cmath>

namespace heddle {
namespace {

/// The first examples of a dataset's training part, and nothing else.
class OneBatch final : public Dataset {
 public:
  OneBatch(const Dataset& all, index_t examples) : all_(all), examples_(std::min(examples, all.size(Split::train))) {}
  index_t size(Split split) const override { return split == Split::train ? examples_ : all_.size(split); }
  index_t place(index_t example) const override { return all_.place(example); }
  index_t length(Split split, index_t at) const override { return all_.length(split, at); }
  Batch get(Split split, std::span<const index_t> places) const override { return all_.get(split, places); }
  const DataState& state() const override { return all_.state(); }
  std::uint64_t fingerprint() const override { return all_.fingerprint(); }
  std::string describe() const override { return all_.describe(); }

 private:
  const Dataset& all_;
  index_t examples_;
};

}  // namespace

Practised practise(const Patient& patient, const Practice& practice) {
  const FreshModel fresh = patient.fresh();
  const index_t micro = patient.experiment.learner->micro_batches();
  const index_t rows = std::min(patient.affordable_rows(fresh), patient.dataset.size(Split::train));
  const OneBatch batch(patient.dataset, rows * micro);
  const Dataset& dataset = practice.one_batch ? static_cast<const Dataset&>(batch) : patient.dataset;
  const Feed feed(dataset, practice.one_batch ? Order::epochs : Order::random, {rows, micro}, patient.rng(2),
                  patient.rng(3), [&](Batch& to, const Rng& rng) { fresh.task->prepare(to, rng); });
  Practised found;
  found.rows = rows * micro;
  for (index_t step = 0; step < practice.steps; ++step) {
    patient.reporter.progress(
        progress_text(practice.what, static_cast<std::uint64_t>(step), static_cast<std::uint64_t>(practice.steps)));
    try {
      const double loss = fresh.learner->step(feed, step, practice.rate(step)).loss;
      if (!std::isnan(loss)) found.losses.push_back(loss);
    } catch (const Error&) {  // not finite
      found.diverged = true;
      break;
    }
  }
  return found;
}

std::vector<double> smoothed(const std::vector<double>& losses) {
  constexpr double kKeep = 0.9;
  std::vector<double> all;
  double sum = 0, weights = 0;
  for (const double loss : losses) {
    sum = kKeep * sum + (1 - kKeep) * loss;
    weights = kKeep * weights + (1 - kKeep);
    all.push_back(sum / weights);
  }
  return all;
}

}  // namespace heddle
