#pragma once

#include <array>
#include <boost/serialization/nvp.hpp>
#include <cstdint>
#include <filesystem>
#include <vector>

#include "framework/check.h"

namespace heddle {

/// What was measured at one step. Validation columns are NaN where the step was not evaluated.
struct Measurement {
  std::int64_t step;  ///< steps done
  double train_loss;  ///< nats a token, mean since the last row
  double val_loss;    ///< nats a token
  double val_bits_per_character;
  double lr, grad_norm;
  double tokens_per_second, gflops;  ///< since the last row, without evaluations
  double seconds;                    ///< of training, over all resumptions
};

/// The run's measurements, a column a vector, as checkpoints keep them and metrics.csv shows them.
class History {
 public:
  void add(const Measurement& row);
  std::size_t size() const { return step_.size(); }
  double seconds() const { return seconds_.empty() ? 0 : seconds_.back(); }

  /// Errors: columns that do not fit each other, as only a damaged file holds them.
  template <class Archive>
  void serialize(Archive& ar, unsigned) {
    using boost::serialization::make_nvp;
    ar& make_nvp("step", step_) & make_nvp("train_loss", train_loss_) & make_nvp("val_loss", val_loss_);
    ar& make_nvp("val_bits_per_character", val_bits_) & make_nvp("lr", lr_) & make_nvp("grad_norm", grad_norm_);
    ar& make_nvp("tokens_per_second", tokens_per_second_) & make_nvp("gflops", gflops_) & make_nvp("seconds", seconds_);
    for (const auto* column : columns()) {
      ensure(column->size() == step_.size(), "metrics: a column has ", column->size(), " rows, step has ", step_.size(),
             "; the checkpoint is damaged, use another");
    }
  }

  /// Writes all rows as CSV, a header first, empty where a value is NaN; the file is replaced whole, so that after a
  /// resume it holds each step once. Errors: a file that cannot be written.
  void write_csv(const std::filesystem::path& path) const;

 private:
  std::array<const std::vector<double>*, 8> columns() const {
    return {&train_loss_, &val_loss_, &val_bits_, &lr_, &grad_norm_, &tokens_per_second_, &gflops_, &seconds_};
  }

  std::vector<std::int64_t> step_;
  std::vector<double> train_loss_, val_loss_, val_bits_, lr_, grad_norm_, tokens_per_second_, gflops_, seconds_;
};

}  // namespace heddle
