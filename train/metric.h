#pragma once

#include <string>
#include <vector>

namespace heddle {

/// A figure under its name, as metrics.csv and --json have it.
struct Metric {
  std::string name;
  double value = 0;
  std::string text{};  ///< as a person reads it: "3.3312 bits a byte"; none: it is not shown
  bool column = true;  ///< metrics.csv has a column of it; else `heddle eval` alone shows it
};
using Metrics = std::vector<Metric>;

}  // namespace heddle
