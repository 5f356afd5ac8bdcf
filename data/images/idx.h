#pragma once

#include <string>
#include <string_view>

#include "data/images/image_file.h"

/// IDX files (LeCun, Cortes and Burges, "The MNIST database"): two zero bytes, the type, the number of axes, and the
/// size of each in four bytes, the highest first; then the contents. Images and their labels lie in a file each.
namespace heddle {

/// Whether bytes begin as an IDX file does; a batch of CIFAR-10 may, whose size tells it.
bool is_idx(std::string_view bytes);
/// Whether that is one of labels: of one axis.
bool is_idx_of_labels(std::string_view bytes);
/// Where the labels of a file of images lie, when it is not said: as MNIST's files are called. Errors: not there.
std::string labels_beside(const std::string& path);
/// Images [count, height, width] or [count, channels, height, width] of one byte a pixel, without labels. Errors:
/// another type or shape, what is cut off or too long.
ImageFile read_idx(std::string_view bytes, const std::string& path);
/// The labels of a file of images, a byte each. Errors: as read_idx; not as many as there are images.
std::string read_idx_labels(const std::string& path, const ImageFile& images);

}  // namespace heddle
