#pragma once

#include "data/dataset.h"

namespace heddle {

/// The [data] section of tables: rows of numbers and a class, in text files with commas, tabs or blanks between; or
/// builtin:xor, two bits and whether they differ.
struct TableConfig final : DataConfig {
  std::string label = "last";
  bool header = false;
  std::int64_t size = 20;

  std::vector<Key> keys() override;
  /// Columns are standardized: (x - mean) / deviation of the training rows. Errors: those of reading; a row of another
  /// number of columns, what is no number, a label column that is not there, a class that the model was not trained on;
  /// a split without a row.
  std::unique_ptr<Dataset> load(const LoadOptions& options) const override;
  /// Rows of numbers; a column of classes is passed over. Errors: those of reading; a file without a row; rows of
  /// another number of numbers than those that the model was trained on.
  Examples examples(const std::vector<std::string>& files, const std::vector<std::string>& texts,
                    const LoadOptions& options) const override;
};

}  // namespace heddle
