#pragma once

#include <string>
#include <string_view>

#include "data/images/image_file.h"

/// CIFAR-10's binary form (Krizhevsky, "Learning Multiple Layers of Features from Tiny Images", 2009): for each image
/// its label in a byte, then 32 x 32 bytes of red, green and blue.
namespace heddle {

/// Whether there are as many bytes as a whole number of images takes.
bool fits_cifar(std::string_view bytes);
/// A batch, with the names of the classes where batches.meta.txt lies beside it. Errors: another number of bytes.
ImageFile read_cifar(std::string_view bytes, const std::string& path);

}  // namespace heddle
