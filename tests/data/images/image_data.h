#pragma once

#include "data/images/images.h"

/// Images of tests as data.
namespace heddle {

inline ImagesConfig images_at(const std::string& path, double val = 0.25, double test = 0) {
  ImagesConfig config;
  config.split.path = {path};
  config.split.val_fraction = val;
  config.split.test_fraction = test;
  return config;
}

inline std::unique_ptr<Dataset> load(const ImagesConfig& config, const DataState* known = nullptr) {
  LoadOptions options;
  options.known = known;
  return config.load(options);
}

}  // namespace heddle
