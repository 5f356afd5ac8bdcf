#include "train/learners/spikes.h"

#include <algorithm>
#include <cmath>

namespace heddle {
namespace {

struct Spread {
  double mean = 0, deviation = 0;
};

Spread spread_of(const std::vector<double>& values) {
  Spread found;
  const auto count = static_cast<double>(values.size());
  for (const double value : values) found.mean += value / count;
  for (const double value : values) found.deviation += (value - found.mean) * (value - found.mean) / (count - 1);
  found.deviation = std::sqrt(found.deviation);
  return found;
}

/// A model that has learned all, or takes no part in a step, has no gradient.
double log_of(double norm) { return std::log(std::max(norm, 1e-30)); }

void put(std::vector<double>& window, double value) {
  if (window.size() == SpikeWindow::kSteps) window.erase(window.begin());
  window.push_back(value);
}

}  // namespace

SpikeWindow::Scores SpikeWindow::scores(double loss, double norm) const {
  if (losses_.size() < kLeast) return {};
  const Spread losses = spread_of(losses_), norms = spread_of(norms_);
  const double least = std::max(0.01 * std::abs(losses.mean), 1e-12);
  return {(loss - losses.mean) / std::max(losses.deviation, least),
          (log_of(norm) - norms.mean) / std::max(norms.deviation, 0.25), losses.mean};
}

void SpikeWindow::accept(double loss, double norm) {
  put(losses_, loss);
  put(norms_, log_of(norm));
  in_a_row_ = 0;
}

}  // namespace heddle
