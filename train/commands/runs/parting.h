#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "framework/nn/parameter.h"
#include "train/log/metrics.h"

namespace heddle {

/// A figure that two runs measured otherwise; NaN: one of them did not.
struct FigureDifference {
  std::string name;
  double one = 0, other = 0;
};
/// Where the courses of two runs part.
struct CourseParting {
  std::size_t same = 0;                 ///< steps that both measured, before they part
  std::optional<std::int64_t> step;     ///< the first of which figures differ; none: they do not
  std::vector<FigureDifference> there;  ///< those of it
};
/// Compares the steps that both histories have, in their order, and all bits of each figure but how fast the runs were.
CourseParting parting_of(const History& one, const History& other);

/// A parameter that is not the same in two models.
struct WeightDifference {
  std::string name;
  std::string one, other;      ///< shapes, as "[4, 2]"; empty: that model has no such parameter
  std::int64_t differing = 0;  ///< elements that are others, where the shapes are the same
  double largest = 0;          ///< of the differences; infinite where one is no number
};
/// Of all parameters, those with other bits, in the order of `one`, behind them those that `other` has alone.
std::vector<WeightDifference> weight_differences(const std::vector<NamedParameter>& one,
                                                 const std::vector<NamedParameter>& other);

}  // namespace heddle
