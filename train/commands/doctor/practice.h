#pragma once

#include <functional>
#include <vector>

#include "train/commands/doctor/doctor.h"

namespace heddle {

/// The losses of steps that a fresh model makes, each before its update; shorter than asked for where a step's loss was
/// not finite, or `go_on` said to end.
struct Practice {
  index_t steps = 100;
  std::function<double(index_t step)> rate;
  /// Examples that are shown: of the training part at random, or one batch again and again.
  bool one_batch = false;
  const char* what = "";  ///< for the progress line
};
struct Practised {
  std::vector<double> losses;
  index_t rows = 0;       ///< of a step
  bool diverged = false;  ///< a step was not finite
};
Practised practise(const Patient& patient, const Practice& practice);

/// Means of losses so far, those of n steps ago weighing 0.9^n, each divided by the sum of the weights.
std::vector<double> smoothed(const std::vector<double>& losses);

}  // namespace heddle
