#include "data/images/idx.h"

#include <filesystem>

#include "data/images/cifar.h"
#include "framework/check.h"
#include "framework/tensor.h"

namespace heddle {
namespace {

namespace fs = std::filesystem;

/// The header of an IDX file.
struct Idx {
  /// Errors: another type than unsigned bytes, a header or contents that are cut off, contents that are too long.
  Idx(std::string_view bytes, const std::string& name) {
    ensure(bytes.size() >= 4, name, " is cut off: it ends within the header of an IDX file");
    const auto type = static_cast<unsigned char>(bytes[2]);
    ensure(type == 8, name, " holds numbers of IDX type ", static_cast<int>(type),
           ", wanted 8, unsigned bytes; convert the pixels or labels to bytes");
    const auto axes = static_cast<unsigned char>(bytes[3]);
    ensure(axes >= 1 && axes <= 4, name, " has ", static_cast<int>(axes), " axes, wanted 1 to 4; is it damaged?");
    begin = 4 + 4 * std::size_t{axes};
    ensure(bytes.size() >= begin, name, " is cut off: it ends within its header");
    std::size_t total = 1;
    for (std::size_t axis = 0; axis < axes; ++axis) {
      std::size_t size = 0;
      for (std::size_t i = 0; i < 4; ++i) size = size << 8U | static_cast<unsigned char>(bytes[4 + 4 * axis + i]);
      ensure(size > 0 && size <= (std::size_t{1} << 40U) / total, name, " has an axis of ", size,
             " elements; is it damaged?");
      total *= size;
      sizes.push_back(static_cast<index_t>(size));
    }
    ensure(bytes.size() - begin == total, name, bytes.size() - begin < total ? " is cut off" : " is too long", ": ",
           Shape(sizes), " needs ", total, " bytes behind the header, and there are ", bytes.size() - begin);
  }
  std::vector<index_t> sizes;
  std::size_t begin = 0;  ///< of the contents
};

}  // namespace

bool is_idx(std::string_view bytes) {
  if (bytes.size() < 2 || bytes[0] != 0 || bytes[1] != 0) return false;
  return !fits_cifar(bytes) || (bytes[2] == 8 && bytes[3] >= 1 && bytes[3] <= 4);
}

bool is_idx_of_labels(std::string_view bytes) { return is_idx(bytes) && bytes.size() >= 4 && bytes[3] == 1; }

std::string labels_beside(const std::string& path) {
  std::string name = fs::path(path).filename().string();
  for (const auto& [images, labels] : {std::pair{"images", "labels"}, std::pair{"idx3", "idx1"}}) {
    const std::size_t at = name.find(images);
    if (at != name.npos) name.replace(at, std::string(images).size(), labels);
  }
  const fs::path beside = fs::path(path).parent_path() / name;
  ensure(beside != fs::path(path) && fs::exists(beside), "images: the labels of ", path,
         " are not known; name their file with data.labels (data.val_labels, data.test_labels)");
  return beside.string();
}

ImageFile read_idx(std::string_view bytes, const std::string& path) {
  const Idx idx(bytes, "images: " + path);
  ensure(idx.sizes.size() >= 3, "images: ", path, " holds ", Shape(idx.sizes),
         ", wanted images [count, height, width] or [count, channels, height, width]; is it the file of labels?");
  const bool grey = idx.sizes.size() == 3;
  const index_t channels = grey ? 1 : idx.sizes[1], height = idx.sizes[grey ? 1 : 2], width = idx.sizes[grey ? 2 : 3];
  ImageFile file{path, {}, {}, {}};
  const auto size = static_cast<std::size_t>(channels * height * width);
  for (std::size_t at = idx.begin; at < bytes.size(); at += size)
    file.pictures.push_back(picture_of_planes(bytes.substr(at, size), channels, height, width));
  return file;
}

std::string read_idx_labels(const std::string& path, const ImageFile& images) {
  const std::string bytes = image_contents(path, "labels");
  ensure(is_idx(bytes), "labels: ", path, " is no IDX file");
  const Idx labels(bytes, "labels: " + path);
  ensure(labels.sizes.size() == 1, "labels: ", path, " holds ", Shape(labels.sizes),
         ", wanted a label an image; is it a file of images?");
  const index_t count = std::ssize(images.pictures);
  ensure(labels.sizes[0] == count, "labels: ", path, " has ", labels.sizes[0], " labels, ", images.path, " has ", count,
         " images; give the labels of these images");
  return bytes.substr(labels.begin);
}

}  // namespace heddle
