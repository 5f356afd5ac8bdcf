#include "train/log/metrics.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
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

History History::from_csv(std::string_view text, const std::string& where) {
  History history;
  text = text.substr(0, text.rfind('\n') + 1);  // npos + 1: nothing
  for (std::size_t line = 1; !text.empty(); ++line) {
    std::string_view row = text.substr(0, text.find('\n'));
    text.remove_prefix(row.size() + 1);
    std::vector<std::string_view> cells;
    for (std::size_t begin = 0; begin <= row.size(); begin += cells.back().size() + 1)
      cells.push_back(row.substr(begin, row.find(',', begin) - begin));
    if (line == 1) {
      ensure(cells[0] == "step", where, ": its first column is not step; is it a run's metrics.csv?");
      history.names_.assign(cells.begin() + 1, cells.end());
      history.values_.resize(history.names_.size());
      continue;
    }
    ensure(cells.size() == history.names_.size() + 1, where, ": line ", line, " has ", cells.size(), " cells, not ",
           history.names_.size() + 1, "; is the file whole?");
    const auto read = [&](std::string_view cell, auto& value) {
      const auto [end, error] = std::from_chars(cell.data(), cell.data() + cell.size(), value);
      ensure(error == std::errc() && end == cell.data() + cell.size(), where, ": line ", line, ": '", cell,
             "' is no number; is the file whole?");
    };
    read(cells[0], history.step_.emplace_back());
    for (std::size_t c = 1; c < cells.size(); ++c) {
      double& value = history.values_[c - 1].emplace_back(std::numeric_limits<double>::quiet_NaN());
      if (!cells[c].empty()) read(cells[c], value);
    }
  }
  return history;
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
