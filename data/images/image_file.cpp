#include "data/images/image_file.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <optional>

#include "data/images/cifar.h"
#include "data/images/idx.h"
#include "data/images/jpeg.h"
#include "data/images/png.h"
#include "data/io/file.h"
#include "framework/check.h"

namespace heddle {
namespace {

/// The ending of a file's name in lower case.
std::string ending(const std::string& path) {
  std::string text = std::filesystem::path(path).extension().string();
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

bool lies_beside(const std::string& bytes, const std::string& path) {
  constexpr std::array kBeside = {".txt", ".html", ".md", ".csv", ".json", ".xml"};
  return std::find(kBeside.begin(), kBeside.end(), ending(path)) != kBeside.end() || is_idx_of_labels(bytes);
}

/// A file as it was read: one picture; or bytes of another kind; or why it could not be read.
struct Read {
  std::optional<Picture> picture;
  bool resized = false;
  std::string bytes, error;
};

Read read_one(const std::string& path, index_t size) {
  Read read;
  try {
    read.bytes = image_contents(path, "images");
    const std::string named = ending(path);
    if (is_png(read.bytes) || named == ".png") {
      read.picture = decode_png(read.bytes, path);
    } else if (is_jpeg(read.bytes) || named == ".jpg" || named == ".jpeg") {
      read.picture = decode_jpeg(read.bytes, path);
    }
    if (!read.picture) return read;
    read.bytes.clear();
    read.resized = size > 0 && (read.picture->height != size || read.picture->width != size);
    if (read.resized) read.picture = square(*read.picture, size);
  } catch (const Error& e) {
    read.error = e.what();
  }
  return read;
}

void make_squares(ImageFile& file, index_t size) {
  for (Picture& picture : file.pictures) {
    if (picture.height == size && picture.width == size) continue;
    picture = square(picture, size);
    ++file.resized;
  }
}

}  // namespace

std::string image_contents(const std::string& path, const char* what) {
  return read_file(path, Contents::bytes, std::string(what) + ": " + path);
}

std::vector<ImageFile> read_image_files(const std::vector<std::string>& paths, const std::vector<std::string>* labels,
                                        index_t size) {
  constexpr std::size_t kTogether = 64;  // files that are decoded side by side
  constexpr const char* kAsMany =
      "data.labels, data.val_labels and data.test_labels each name as many as there are IDX files of images";
  std::vector<ImageFile> files;
  std::size_t next_labels = 0;
  for (std::size_t begin = 0; begin < paths.size(); begin += kTogether) {
    std::vector<Read> block(std::min(kTogether, paths.size() - begin));
    parallel_for(std::ssize(block), 1, [&](index_t first, index_t last) {
      for (auto i = static_cast<std::size_t>(first); i < static_cast<std::size_t>(last); ++i)
        block[i] = read_one(paths[begin + i], size);
    });
    for (std::size_t i = 0; i < block.size(); ++i) {  // the first error in the order of the files
      const std::string &path = paths[begin + i], &bytes = block[i].bytes;
      if (!block[i].error.empty()) throw Error(block[i].error);
      if (block[i].picture) {
        files.push_back({path, {}, {}, {}, block[i].resized ? 1 : 0});
        files.back().pictures.push_back(std::move(*block[i].picture));
        continue;
      }
      if (paths.size() > 1 && lies_beside(bytes, path)) continue;
      if (is_idx(bytes)) {
        ensure(labels == nullptr || labels->empty() || next_labels < labels->size(), "images: ", path,
               " has no file of labels; ", kAsMany);
        ImageFile& file = files.emplace_back(read_idx(bytes, path));
        if (labels != nullptr)
          file.numbers = read_idx_labels(labels->empty() ? labels_beside(path) : (*labels)[next_labels++], file);
      } else {
        files.push_back(read_cifar(bytes, path));
      }
      if (size > 0) make_squares(files.back(), size);
    }
  }
  if (labels != nullptr && next_labels < labels->size())
    throw Error(concat_text("images: ", labels->back(), " are the labels of no file of images; ", kAsMany));
  return files;
}

}  // namespace heddle
