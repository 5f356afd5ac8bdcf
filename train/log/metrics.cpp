#include "train/log/metrics.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace heddle {

bool is_of_time(const std::string& column) {
  return column == "seconds" || column == "gflops" || column.ends_with("_per_second");
}

void History::add(std::int64_t step, const Metrics& row) {
  constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
  step_.push_back(step);
  for (std::vector<double>& column : values_) column.push_back(kNone);
  std::size_t next = 0;  // where a new column goes
  for (const Metric& metric : row) {
    if (!metric.column) continue;
    auto at = static_cast<std::size_t>(std::find(names_.begin(), names_.end(), metric.name) - names_.begin());
    if (at == names_.size()) {
      at = next;
      names_.insert(names_.begin() + static_cast<std::ptrdiff_t>(at), metric.name);
      values_.insert(values_.begin() + static_cast<std::ptrdiff_t>(at), std::vector<double>(step_.size(), kNone));
    }
    values_[at].back() = metric.value;
    next = at + 1;
  }
}

double History::last(const std::string& name, double otherwise) const {
  const auto found = std::find(names_.begin(), names_.end(), name);
  return found == names_.end() || step_.empty() ? otherwise
                                                : values_[static_cast<std::size_t>(found - names_.begin())].back();
}

std::vector<double> History::column(const std::string& name) const {
  const auto found = std::find(names_.begin(), names_.end(), name);
  return found == names_.end() ? std::vector<double>(step_.size(), std::numeric_limits<double>::quiet_NaN())
                               : values_[static_cast<std::size_t>(found - names_.begin())];
}

std::string History::row_csv(std::size_t row) const {
  std::string text = fmt::format("{}", step_[row]);
  for (const std::vector<double>& column : values_)
    text += std::isnan(column[row]) ? "," : fmt::format(",{:.6g}", column[row]);
  return text + '\n';
}

std::string History::csv() const {
  std::string text = "step";
  for (const std::string& name : names_) text += ',' + name;
  text += '\n';
  for (std::size_t row = 0; row < step_.size(); ++row) text += row_csv(row);
  return text;
}

std::string History::last_csv() const { return row_csv(step_.size() - 1); }

}  // namespace heddle
