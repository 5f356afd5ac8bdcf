#include "data/images/cifar.h"

#include <filesystem>
#include <sstream>

#include "framework/check.h"

namespace heddle {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kPixels = 3 * 32 * 32, kRecord = 1 + kPixels;

/// Names of the classes, a line each.
std::vector<std::string> names_beside(const std::string& path) {
  const fs::path file = fs::path(path).parent_path() / "batches.meta.txt";
  std::vector<std::string> names;
  if (!fs::exists(file)) return names;
  std::istringstream in(image_contents(file.string(), "labels"));
  for (std::string line; std::getline(in, line);) {
    if (!line.empty()) names.push_back(line);
  }
  return names;
}

}  // namespace

bool fits_cifar(std::string_view bytes) { return !bytes.empty() && bytes.size() % kRecord == 0; }

ImageFile read_cifar(std::string_view bytes, const std::string& path) {
  ensure(fits_cifar(bytes), "images: ", path, " is no PNG, JPEG or IDX file, and no batch of CIFAR-10: ", bytes.size(),
         " bytes are not a multiple of ", kRecord, "; is it cut off, or of another kind?");
  ImageFile file{path, {}, {}, names_beside(path)};
  for (std::size_t at = 0; at < bytes.size(); at += kRecord) {
    file.numbers += bytes[at];
    file.pictures.push_back(picture_of_planes(bytes.substr(at + 1, kPixels), 3, 32, 32));
  }
  return file;
}

}  // namespace heddle
