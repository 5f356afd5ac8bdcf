#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "models/model.h"
#include "train/metric.h"

namespace heddle {

/// What a run came to, as result.json in its folder says: of two runs that did the same it is the same, byte for byte.
struct RunResult {
  std::int64_t step = 0, best_step = 0;  ///< steps done, and of best.h5; 0: that could not be judged
  bool early = false;                    ///< train.early_stop ended it
  std::string weights;                   ///< weights_hash of the last model, which last.h5 holds
  Metrics whole, best_whole;             ///< figures of the whole validation split: the last model's, and best.h5's

  std::string json() const;
  /// Errors: the file is missing, damaged, or none that heddle wrote.
  static RunResult read(const std::filesystem::path& path);
};

/// The file's name, in a run's folder.
inline constexpr const char* kResultFile = "result.json";

/// A hash of names, shapes and values of a model's parameters, as 16 hexadecimal digits: models with the same one are
/// the same.
std::string weights_hash(Model& model);

}  // namespace heddle
