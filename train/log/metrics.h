#pragma once

#include <boost/serialization/nvp.hpp>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "framework/check.h"
#include "train/metric.h"

namespace heddle {

/// Whether a column tells how fast a run went: of two runs that learn the same, these differ.
bool is_of_time(const std::string& column);

/// What a run measured: a row for each of some steps, its figures in columns that are known by name, as checkpoints
/// keep them and metrics.csv shows them. A figure that a row lacks is NaN there.
class History {
 public:
  /// Adds a row; figures of new names get columns of their own, behind
  /// those that stand before them in the row.
  void add(std::int64_t step, const Metrics& row);
  std::size_t size() const { return step_.size(); }
  /// The last row's figure; `otherwise` where there is none.
  double last(const std::string& name, double otherwise) const;
  std::int64_t step(std::size_t row) const { return step_[row]; }
  /// A figure of all rows; NaN where there is none.
  std::vector<double> column(const std::string& name) const;

  /// What csv() wrote, in as many digits; a last line that does not end is passed over, as a run may be writing it.
  /// Errors, which begin with `where`: a line that is no such row.
  static History from_csv(std::string_view text, const std::string& where);
  /// A header and all rows, or the last row alone, as CSV: empty where a value is NaN.
  std::string csv() const;
  std::string last_csv() const;
  std::size_t columns() const { return names_.size(); }
  /// Of the columns beside the step, in their order.
  const std::vector<std::string>& names() const { return names_; }

  /// Errors: columns that do not fit each other, as only a damaged file holds them.
  template <class Archive>
  void serialize(Archive& ar, unsigned) {
    using boost::serialization::make_nvp;
    ar& make_nvp("step", step_) & make_nvp("columns", names_);
    values_.resize(names_.size());
    for (std::size_t i = 0; i < names_.size(); ++i) {
      ensure(!names_[i].empty() && names_[i].find('/') == std::string::npos && names_[i] != "step" &&
                 names_[i] != "columns" && names_[i] != "version",
             "metrics: '", names_[i], "' cannot name a column; the checkpoint is damaged, use another");
      ar& make_nvp(names_[i].c_str(), values_[i]);
      ensure(values_[i].size() == step_.size(), "metrics: column ", names_[i], " has ", values_[i].size(),
             " rows, step has ", step_.size(), "; the checkpoint is damaged, use another");
    }
  }

 private:
  std::string row_csv(std::size_t row) const;

  std::vector<std::int64_t> step_;
  std::vector<std::string> names_;
  std::vector<std::vector<double>> values_;  ///< of each column, for each step
};

}  // namespace heddle
