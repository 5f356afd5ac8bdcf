#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "train/log/metrics.h"

namespace heddle {

/// What a run of a sweep has measured so far.
struct MeasuredRun {
  History history;
  bool over = false;  ///< it gets no further rows
};

/// Where a run is stopped: after which step, and why.
struct MedianStop {
  std::int64_t step = 0;
  double best = 0, median = 0;
  std::size_t others = 0;  ///< runs that the median is of
};

/// The median stopping rule (Golovin et al., "Google Vizier", KDD 2017), made independent of which run is quicker: a
/// run is stopped after the first evaluation at which its best figure so far is worse than the median of the best that
/// the runs before it in the list had at that step, of which there must be three that got so far. What a run measured
/// beyond its own stop counts for nobody. Where a run before it has not come so far yet, nothing is decided.
std::vector<std::optional<MedianStop>> median_stops(const std::vector<MeasuredRun>& runs, const std::string& column,
                                                    bool lower_is_better);

}  // namespace heddle
