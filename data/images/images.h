#pragma once

#include "data/dataset.h"

namespace heddle {

/// The [data] section of images in files of many, plain or packed: IDX (MNIST's form: images of one byte a pixel, their
/// labels in a file of their own) and CIFAR-10's binary batches. Of several files, as those of a folder, those of
/// labels and those that end in .txt or .html are passed over.
struct ImagesConfig final : DataConfig {
  std::vector<std::string> labels, val_labels, test_labels;
  std::int64_t classes = 0;

  std::vector<Key> keys() override;
  /// Pixels are standardized: (pixel - mean) / deviation, of each channel of the training images. Errors: those of
  /// reading; a file that is neither form, truncated or too long; labels that are not as many as the images, or outside
  /// the classes; images of several sizes; a split without an image.
  std::unique_ptr<Dataset> load(const LoadOptions& options) const override;
};

}  // namespace heddle
