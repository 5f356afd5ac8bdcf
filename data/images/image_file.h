#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "data/images/picture.h"

namespace heddle {

/// What a file of images holds.
struct ImageFile {
  std::string path;
  std::vector<Picture> pictures;
  std::string numbers{};             ///< of each picture's class, a byte; none: they have none
  std::vector<std::string> names{};  ///< of the classes that are numbered, where they lie beside
  index_t resized = 0;               ///< pictures that were made squares
};

/// A file's contents, unpacked. `what` begins messages. Errors: as read_file.
std::string image_contents(const std::string& path, const char* what);

/// Reads files of images: PNG and JPEG, a picture each, and those of many, IDX and CIFAR-10's batches. Of several files
/// those that lie beside images are passed over: labels in IDX files, and what ends in .txt, .html, .md, .csv, .json or
/// .xml. `labels` names the files of the IDX images' labels, in their order; none: they lie beside; null: none are
/// asked for. Pictures are made squares of `size` pixels (see square); 0: they stay as they are. Errors: those of
/// reading; a file that is none of these; labels that are not as many as there are IDX files of images.
std::vector<ImageFile> read_image_files(const std::vector<std::string>& paths, const std::vector<std::string>* labels,
                                        index_t size);

}  // namespace heddle
