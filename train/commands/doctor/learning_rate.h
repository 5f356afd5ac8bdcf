#pragma once

#include "train/commands/doctor/doctor.h"

namespace heddle {

/// A learning-rate range test: kRangeSteps steps of a fresh model, the rate rising by the same factor with each, from a
/// thousandth of optim.lr to a hundred times as much (Smith, "Cyclical learning rates for training neural networks",
/// 2017).
constexpr index_t kRangeSteps = 80;
struct RangeTest {
  std::vector<double> rates, losses;  ///< smoothed
  double steepest = 0;                ///< the rate at which the loss falls fastest
  double diverges = 0;  ///< the first rate at which it has risen again by half of how far it had fallen; 0: none
};
/// Of smoothed losses at rising rates.
RangeTest range_of(std::vector<double> rates, std::vector<double> losses, bool diverged);

Check check_learning_rate;

}  // namespace heddle
