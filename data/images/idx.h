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
/// Images [count, height, width] or [count, channels, height, width] of one byte a pixel, with the labels of another
/// file. Errors: another type or shape, what is cut off or too long, labels that are not as many.
ImageFile read_idx(std::string_view bytes, const std::string& path, const std::string& label_path);

}  // namespace heddle
