#include "data/images/images.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <sstream>

#include "data/io/file.h"
#include "framework/hash.h"

namespace heddle {
namespace {

namespace fs = std::filesystem;

/// Images of one size, a byte a pixel, channel by channel, and their classes.
struct Images {
  index_t channels = 0, height = 0, width = 0;
  std::string pixels;
  std::string classes;  ///< a byte an image

  index_t image_bytes() const { return channels * height * width; }
  index_t count() const { return std::ssize(classes); }
  void append(const Images& more, const std::string& path) {
    if (channels == 0) {
      *this = more;
      return;
    }
    ensure(channels == more.channels && height == more.height && width == more.width, "images: ", path,
           " holds images of ", more.width, " x ", more.height, " with ", more.channels,
           " channels, the files before it of ", width, " x ", height, " with ", channels, "; give images of one size");
    pixels += more.pixels;
    classes += more.classes;
  }
};

std::string contents_of(const std::string& path, const char* what) {
  return read_file(path, Contents::bytes, std::string(what) + ": " + path);
}

/// The header of an IDX file (LeCun, Cortes and Burges, "The MNIST database"): two zero bytes, the type, the number of
/// axes, and the size of each in four bytes, the highest first.
struct Idx {
  /// Errors: another type than unsigned bytes, a header or contents that are cut off, contents that are too long.
  Idx(const std::string& bytes, const std::string& name) {
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

/// CIFAR-10's binary form (Krizhevsky, "Learning Multiple Layers of Features from Tiny Images", 2009): for each image
/// its label in a byte, then 32 x 32 bytes of red, green and blue.
constexpr std::size_t kCifarRecord = 1 + 3 * 32 * 32;

/// Two zero bytes begin an IDX file; but so may a batch of CIFAR-10, whose size tells it.
bool is_idx(const std::string& bytes) {
  if (bytes.size() < 2 || bytes[0] != 0 || bytes[1] != 0) return false;
  return bytes.size() % kCifarRecord != 0 || (bytes[2] == 8 && bytes[3] >= 1 && bytes[3] <= 4);
}

/// Whether a file is one of those that lie beside images in the folder they come in: labels, names, a page to read.
bool lies_beside(const std::string& bytes, const std::string& path) {
  const std::string extension = fs::path(path).extension().string();
  return extension == ".txt" || extension == ".html" || (is_idx(bytes) && bytes.size() >= 4 && bytes[3] == 1);
}

/// Where the labels of an IDX file of images lie, when it is not said: as MNIST's files are called.
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

Images read_idx(const std::string& bytes, const std::string& path, const std::string& label_path) {
  const Idx idx(bytes, "images: " + path);
  ensure(idx.sizes.size() >= 3, "images: ", path, " holds ", Shape(idx.sizes),
         ", wanted images [count, height, width] or [count, channels, height, width]; is it the file of labels?");
  const bool grey = idx.sizes.size() == 3;
  Images images{grey ? 1 : idx.sizes[1], idx.sizes[grey ? 1 : 2], idx.sizes[grey ? 2 : 3], bytes.substr(idx.begin), {}};
  const std::string label_bytes = contents_of(label_path, "labels");
  ensure(is_idx(label_bytes), "labels: ", label_path, " is no IDX file");
  const Idx labels(label_bytes, "labels: " + label_path);
  ensure(labels.sizes.size() == 1, "labels: ", label_path, " holds ", Shape(labels.sizes),
         ", wanted a label an image; is it a file of images?");
  ensure(labels.sizes[0] == idx.sizes[0], "labels: ", label_path, " has ", labels.sizes[0], " labels, ", path, " has ",
         idx.sizes[0], " images; give the labels of these images");
  images.classes = label_bytes.substr(labels.begin);
  return images;
}

Images read_cifar(const std::string& bytes, const std::string& path) {
  ensure(!bytes.empty() && bytes.size() % kCifarRecord == 0, "images: ", path,
         " is no IDX file, and no batch of CIFAR-10: ", bytes.size(), " bytes are not a multiple of ", kCifarRecord,
         "; is it cut off?");
  Images images{3, 32, 32, {}, {}};
  for (std::size_t at = 0; at < bytes.size(); at += kCifarRecord) {
    images.classes += bytes[at];
    images.pixels.append(bytes, at + 1, kCifarRecord - 1);
  }
  return images;
}

/// Names of CIFAR-10's classes, a line each, where they lie beside the batches.
std::vector<std::string> names_beside(const std::string& path) {
  const fs::path file = fs::path(path).parent_path() / "batches.meta.txt";
  std::vector<std::string> names;
  if (!fs::exists(file)) return names;
  std::istringstream in(contents_of(file.string(), "labels"));
  for (std::string line; std::getline(in, line);) {
    if (!line.empty()) names.push_back(line);
  }
  return names;
}

class ImageDataset final : public Dataset {
 public:
  ImageDataset(Images images, const Ranges& ranges, DataState state, std::string name)
      : images_(std::move(images)), ranges_(ranges), state_(std::move(state)), name_(std::move(name)) {}

  index_t size(Split split) const override { return ranges_[static_cast<std::size_t>(split)].size(); }

  Batch get(Split split, std::span<const index_t> places) const override {
    const index_t rows = std::ssize(places), bytes = images_.image_bytes(), area = images_.height * images_.width;
    Batch batch;
    batch.features = Tensor({rows, images_.channels, images_.height, images_.width});
    batch.targets = IdTensor({rows});
    real* const pixels = batch.features.mutable_data();
    for (index_t row = 0; row < rows; ++row) {
      const index_t image = ranges_[static_cast<std::size_t>(split)].begin + places[static_cast<std::size_t>(row)];
      batch.targets[row] = static_cast<unsigned char>(images_.classes[static_cast<std::size_t>(image)]);
      const char* from = images_.pixels.data() + image * bytes;
      real* to = pixels + row * bytes;
      for (std::size_t channel = 0; channel < state_.mean.size(); ++channel) {
        const double mean = state_.mean[channel], deviation = state_.deviation[channel];
        for (index_t i = 0; i < area; ++i)
          *to++ = static_cast<real>((static_cast<unsigned char>(*from++) - mean) / deviation);
      }
    }
    return batch;
  }

  const DataState& state() const override { return state_; }
  std::uint64_t fingerprint() const override { return fnv1a(images_.classes, fnv1a(images_.pixels)); }
  std::string describe() const override {
    return concat_text(name_, ", ", images_.width, " x ", images_.height,
                       images_.channels == 1   ? " grey"
                       : images_.channels == 3 ? " colour"
                                               : "",
                       " images, ", state_.labels.size(), " classes; ",
                       describe_splits(size(Split::train), size(Split::val), size(Split::test)));
  }

 private:
  Images images_;
  Ranges ranges_;
  DataState state_;
  std::string name_;
};

/// Mean and deviation of each channel of the first `count` images.
void measure(const Images& images, index_t count, DataState& state) {
  const index_t area = images.height * images.width;
  for (index_t channel = 0; channel < images.channels; ++channel) {
    double sum = 0, squares = 0;
    for (index_t image = 0; image < count; ++image) {
      const char* const from = images.pixels.data() + image * images.image_bytes() + channel * area;
      for (index_t i = 0; i < area; ++i) {
        const double pixel = static_cast<unsigned char>(from[i]);
        sum += pixel;
        squares += pixel * pixel;
      }
    }
    const double all = static_cast<double>(count * area), mean = sum / all;
    state.mean.push_back(mean);
    state.deviation.push_back(std::max(1.0, std::sqrt(std::max(0.0, squares / all - mean * mean))));
  }
}

}  // namespace

std::vector<Key> ImagesConfig::keys() {
  return {
      Key("labels", labels, "IDX: the files of the labels of path; none: those beside, called labels for images")
          .separated(),
      Key("val_labels", val_labels, "IDX: those of val_path").separated(),
      Key("test_labels", test_labels, "IDX: those of test_path").separated(),
      {"classes", classes, "number of classes; 0: one more than the largest label, or as many as have names", 0, 256},
  };
}

std::unique_ptr<Dataset> ImagesConfig::load(const LoadOptions& options) const {
  constexpr const char* kAsMany =
      "data.labels, data.val_labels and data.test_labels each name as many as there are IDX files of images";
  const auto files = split.files("images");
  const std::array<const std::vector<std::string>*, 3> label_files = {&labels, &val_labels, &test_labels};
  Images all;
  std::array<std::int64_t, 3> counts{};
  std::vector<std::string> names;
  for (std::size_t part = 0; part < files.size(); ++part) {
    const std::vector<std::string>& given = *label_files[part];
    std::size_t next_labels = 0;
    for (const std::string& path : files[part]) {
      const std::string bytes = contents_of(path, "images");
      if (files[part].size() > 1 && lies_beside(bytes, path)) continue;
      Images images;
      if (is_idx(bytes)) {
        if (!given.empty()) ensure(next_labels < given.size(), "images: ", path, " has no file of labels; ", kAsMany);
        images = read_idx(bytes, path, given.empty() ? labels_beside(path) : given[next_labels++]);
      } else {
        images = read_cifar(bytes, path);
        if (names.empty()) names = names_beside(path);
      }
      all.append(images, path);
      counts[part] += images.count();
    }
    if (!given.empty())
      ensure(next_labels == given.size(), "images: ", given.back(), " are the labels of no file of images; ", kAsMany);
  }
  const Ranges ranges = split.ranges(counts);
  const std::string name = split.name();
  ensure_trainable(ranges, name, "images");

  DataState state;
  if (options.known != nullptr) {
    state = *options.known;
    const std::vector<std::int64_t> sizes = {all.channels, all.height, all.width};
    ensure(state.features == sizes, "images: ", name, " holds images ", Shape(sizes),
           ", and the model was trained on images ", state.spec().features, " (channels, height, width); convert them");
    ensure(std::ssize(state.mean) == all.channels && std::ssize(state.deviation) == all.channels,
           "images: the model keeps ", state.mean.size(), " means and ", state.deviation.size(), " deviations for ",
           all.channels, " channels; the checkpoint is damaged, or its data is of another kind");
  } else {
    state.features = {all.channels, all.height, all.width};
    const auto largest = std::max_element(all.classes.begin(), all.classes.end(), [](char a, char b) {
      return static_cast<unsigned char>(a) < static_cast<unsigned char>(b);
    });
    const auto count = classes > 0 ? static_cast<std::size_t>(classes)
                                   : std::max(names.size(), std::size_t{static_cast<unsigned char>(*largest)} + 1);
    for (std::size_t i = 0; i < count; ++i) state.labels.push_back(i < names.size() ? names[i] : std::to_string(i));
    measure(all, ranges[0].size(), state);
  }
  for (std::size_t i = 0; i < all.classes.size(); ++i) {
    const auto label = static_cast<unsigned char>(all.classes[i]);
    ensure(label < state.labels.size(), "images: ", name, ": image ", i, " has label ", static_cast<int>(label),
           ", outside the ", state.labels.size(), " classes; set data.classes, or mend the labels");
  }
  return std::make_unique<ImageDataset>(std::move(all), ranges, std::move(state), name);
}

}  // namespace heddle
