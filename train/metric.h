#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "framework/format.h"

namespace heddle {

/// A figure under its name, as metrics.csv and --json have it.
struct Metric {
  std::string name;
  double value = 0;
  std::string text{};  ///< as a person reads it: "3.3312 bits a byte"; none: it is not shown
  bool column = true;  ///< metrics.csv has a column of it; else `heddle eval` alone shows it
};
using Metrics = std::vector<Metric>;

/// The figure of a name; null: there is none.
inline const Metric* find_metric(const Metrics& figures, std::string_view name) {
  const auto found =
      std::find_if(figures.begin(), figures.end(), [&](const Metric& figure) { return figure.name == name; });
  return found == figures.end() ? nullptr : &*found;
}

/// How many `unit`s a loss is the mean of: "39 tokens".
inline Metric count_of(const std::string& unit, std::int64_t count) {
  return {unit, static_cast<double>(count), human_count(static_cast<double>(count)) + ' ' + unit, false};
}

/// Counts that belong together, under their name, as --json has them.
struct CountTable {
  std::string name;                        ///< "confusion"
  std::string about;                       ///< what its rows and columns are
  std::vector<std::string> rows, columns;  ///< names of each
  std::vector<std::int64_t> counts;        ///< row by row
};

}  // namespace heddle
