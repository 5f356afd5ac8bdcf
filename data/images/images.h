#pragma once

#include "data/dataset.h"
#include "data/images/augment.h"

namespace heddle {

/// Whether images have colours. automatic: as the training images have them; where some do and some do not, all do.
enum class Channels { automatic, grey, colour };
constexpr auto names_of(Channels) {
  return std::array{Named{Channels::automatic, "auto"}, Named{Channels::grey, "grey"},
                    Named{Channels::colour, "colour"}};
}

/// The [data] section of images, plain or packed: PNG and JPEG, a picture a file, whose path tells its class; or files
/// of many, IDX (MNIST's form: images of one byte a pixel, their labels in a file of their own) and CIFAR-10's binary
/// batches. What lies beside them is passed over (see read_image_files).
struct ImagesConfig final : DataConfig {
  std::string label = "folder";
  std::vector<std::string> labels, val_labels, test_labels;
  std::int64_t classes = 0, image_size = 0;
  Channels channels = Channels::automatic;
  Augmentation augmentation;

  std::vector<Key> keys() override;
  /// Pixels are standardized: (pixel - mean) / deviation, of each channel of the training images. Shares of files of
  /// many are taken in their order; those of pictures in files of their own of each class, in the order of their paths,
  /// as files lie sorted by class. Errors: those of reading; files of both kinds; labels that are not as many as the
  /// images, or outside the classes; a class that no training image has; images of several sizes; a split without an
  /// image; images of another size than those that the model was trained on.
  std::unique_ptr<Dataset> load(const LoadOptions& options) const override;
  /// Errors: those of reading; images of another size than those that the model was trained on.
  Examples examples(const std::vector<std::string>& files, const std::vector<std::string>& texts,
                    const LoadOptions& options) const override;
};

}  // namespace heddle
