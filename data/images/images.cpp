#include "data/images/images.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "data/classes.h"
#include "data/images/dataset.h"
#include "data/images/image_file.h"

namespace heddle {
namespace {

/// The files of each split.
using Parts = std::array<std::vector<ImageFile>, 3>;

std::int64_t count_of(const std::vector<ImageFile>& files) {
  std::int64_t count = 0;
  for (const ImageFile& file : files) count += std::ssize(file.pictures);
  return count;
}

/// Whether pictures have files of their own, whose paths tell their classes. Errors: some have, others have not.
bool in_files_of_their_own(const Parts& parts) {
  const ImageFile *one = nullptr, *many = nullptr;
  for (const auto& files : parts) {
    for (const ImageFile& file : files) (file.numbers.empty() ? one : many) = &file;
  }
  ensure(one == nullptr || many == nullptr, "images: ", one != nullptr ? one->path : "", " is one picture, ",
         many != nullptr ? many->path : "", " holds many with their labels; give files of one kind");
  return one != nullptr;
}

/// Deals the files of data.path out to the splits that have none of their own: of each class its share.
void deal(const SplitConfig& split, const std::string& rule, Parts& parts) {
  std::map<std::string, std::vector<ImageFile>> of_class;
  for (ImageFile& file : parts[0]) of_class[class_from_path(file.path, rule)].push_back(std::move(file));
  parts[0].clear();
  for (auto& [name, files] : of_class) {
    const Ranges shares = split.shares(std::ssize(files));
    for (std::size_t part = 0; part < parts.size(); ++part)
      std::move(files.begin() + shares[part].begin, files.begin() + shares[part].end, std::back_inserter(parts[part]));
  }
}

/// How many channels images are to have, and a notice where that is no matter of course.
index_t count_channels(Channels wanted, const std::vector<ImageFile>& training, const DataState* known,
                       std::vector<std::string>& notices) {
  if (wanted != Channels::automatic) return wanted == Channels::grey ? 1 : 3;
  if (known != nullptr && known->features.size() == 3) return known->features[0];
  index_t most = 0, grey = 0, all = 0;
  for (const ImageFile& file : training) {
    for (const Picture& picture : file.pictures) {
      most = std::max(most, picture.channels);
      grey += picture.channels == 1 ? 1 : 0;
      ++all;
    }
  }
  if (grey > 0 && most > 1)
    notices.push_back(concat_text("images: ", grey, " of ", all,
                                  " training images are grey; all are read in colour (data.channels)"));
  return most;
}

/// Adds a file's pictures. Errors: another size than those before it.
void append(ImageSet& images, ImageFile& file) {
  images.files[images.count()] = file.path;
  for (std::size_t i = 0; i < file.pictures.size(); ++i) {
    const Picture picture = with_channels(std::move(file.pictures[i]), images.channels);
    ensure(picture.height == images.height && picture.width == images.width, "images: ", file.path, " holds images of ",
           picture.width, " x ", picture.height, ", the files before it of ", images.width, " x ", images.height,
           "; give images of one size, or set data.image_size");
    for (index_t channel = 0; channel < images.channels; ++channel) {
      for (auto at = static_cast<std::size_t>(channel); at < picture.pixels.size();
           at += static_cast<std::size_t>(images.channels))
        images.pixels += static_cast<char>(picture.pixels[at]);
    }
    images.classes.push_back(file.numbers.empty() ? 0 : static_cast<unsigned char>(file.numbers[i]));
  }
  file.pictures.clear();
}

/// Names of classes that have numbers: those that lie beside, else the numbers.
std::vector<std::string> numbered_classes(std::int64_t wanted, const std::vector<std::int32_t>& classes,
                                          const std::vector<std::string>& names) {
  const auto largest = static_cast<std::size_t>(*std::max_element(classes.begin(), classes.end()));
  const std::size_t count = wanted > 0 ? static_cast<std::size_t>(wanted) : std::max(names.size(), largest + 1);
  std::vector<std::string> all;
  for (std::size_t i = 0; i < count; ++i) all.push_back(i < names.size() ? names[i] : std::to_string(i));
  return all;
}

/// Mean and deviation of each channel of the first `count` images.
void measure(const ImageSet& images, index_t count, DataState& state) {
  const index_t area = images.area();
  for (index_t channel = 0; channel < images.channels; ++channel) {
    double sum = 0, squares = 0;
    for (index_t image = 0; image < count; ++image) {
      const char* const from = images.pixels.data() + (image * images.channels + channel) * area;
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

/// How many pictures were made squares, if any.
void note_resized(index_t resized, index_t of, std::int64_t size, std::vector<std::string>& notices) {
  if (resized > 0)
    notices.push_back(concat_text("images: ", resized, " of ", of, " were cropped in the middle and resized to ", size,
                                  " x ", size, " (data.image_size)"));
}

/// Errors: images that are not as those that the model was trained on, whose state `known` is.
void check_known(const DataState& known, const ImageSet& images, const std::string& name) {
  const std::vector<std::int64_t> sizes = {images.channels, images.height, images.width};
  ensure(known.features == sizes, "images: ", name, " holds images ", Shape(sizes),
         ", and the model was trained on images ", known.spec().features,
         " (channels, height, width); convert them, or set data.image_size");
  ensure(std::ssize(known.mean) == images.channels && std::ssize(known.deviation) == images.channels,
         "images: the model keeps ", known.mean.size(), " means and ", known.deviation.size(), " deviations for ",
         images.channels, " channels; the checkpoint is damaged, or its data is of another kind");
}

}  // namespace

std::vector<Key> ImagesConfig::keys() {
  std::vector<Key> all = {
      {"label", label,
       "PNG, JPEG: where the class stands. folder: the name of the folder; or a pattern on names, as {}_*.png. Shares "
       "of path are then taken of each class"},
      Key("labels", labels, "IDX: the files of the labels of path; none: those beside, called labels for images")
          .separated()
          .path()
          .resumable(),
      Key("val_labels", val_labels, "IDX: those of val_path").separated().path().resumable(),
      Key("test_labels", test_labels, "IDX: those of test_path").separated().path().resumable(),
      {"classes", classes,
       "IDX, CIFAR-10: number of classes; 0: one more than the largest label, or as many as have names", 0, 256},
      {"channels", channels,
       "grey: one channel, of colours their luma; colour: red, green and blue; auto: colour where a training image has "
       "it. What can be seen through lies on white"},
      {"image_size", image_size,
       "images are cropped in the middle to a square and resized to so many pixels a side; 0: they stay, and must have "
       "one size",
       0, 4096},
  };
  for (Key& key : augmentation.keys()) all.push_back(std::move(key));
  return all;
}

std::unique_ptr<Dataset> ImagesConfig::load(const LoadOptions& options) const {
  std::vector<std::string> notices;
  const auto paths = split.files("images", notices);
  const std::array<const std::vector<std::string>*, 3> label_files = {&labels, &val_labels, &test_labels};
  Parts parts;
  for (std::size_t part = 0; part < parts.size(); ++part)
    parts[part] = read_image_files(paths[part], label_files[part], image_size);
  const bool alone = in_files_of_their_own(parts);
  if (alone) {
    ensure(classes == 0, "data.classes = ", classes, " is for IDX files and CIFAR-10's batches; of pictures in files ",
           "of their own data.label says the classes");
    deal(split, label, parts);
  } else {
    ensure(label == "folder", "data.label = ", label, " is for pictures in files of their own; these have labels");
  }
  const std::string name = split.name();
  const std::array<std::int64_t, 3> counts = {count_of(parts[0]), count_of(parts[1]), count_of(parts[2])};
  const std::int64_t val_end = counts[0] + counts[1], all = val_end + counts[2];
  const Ranges ranges = alone ? Ranges{{{0, counts[0]}, {counts[0], val_end}, {val_end, all}}} : split.ranges(counts);
  split.ensure_examples(ranges, "images");

  std::vector<std::string> class_names, class_of_each;
  // pictures that are judged whole were all dealt out to be tested by
  const std::vector<ImageFile>& most = parts[parts[0].empty() ? 2 : 0];
  const Picture& first = most[0].pictures[0];
  ImageSet images{count_channels(channels, most, options.known, notices), first.height, first.width, {}, {}, {}};
  images.pixels.reserve(static_cast<std::size_t>(all * images.channels * images.area()));
  index_t resized = 0;
  for (auto& files : parts) {
    for (ImageFile& file : files) {
      append(images, file);
      if (alone) class_of_each.push_back(class_from_path(file.path, label));
      if (class_names.empty()) class_names = file.names;
      resized += file.resized;
    }
  }
  note_resized(resized, images.count(), image_size, notices);
  if (alone && !split.whole && (!split.apart(Split::val) || (!split.apart(Split::test) && split.test_fraction > 0)))
    notices.emplace_back("images: shares of data.path are of each class, in the order of the files' paths");

  DataState state;
  if (options.known != nullptr) {
    state = *options.known;
    check_known(state, images, name);
  } else {
    state.features = {images.channels, images.height, images.width};
    if (!take_standardization(options, state)) measure(images, ranges[0].size(), state);
  }
  if (alone) {
    Classes found = number_classes(class_of_each, ranges, options.known, "images", name);
    images.classes = std::move(found.of_example);
    state.labels = std::move(found.names);
  } else if (options.known == nullptr) {
    state.labels = numbered_classes(classes, images.classes, class_names);
  }
  for (std::size_t i = 0; i < images.classes.size(); ++i)
    ensure(static_cast<std::size_t>(images.classes[i]) < state.labels.size(), "images: ", name, ": image ", i,
           " has label ", images.classes[i], ", outside the ", state.labels.size(),
           " classes; set data.classes, or mend the labels");
  return std::make_unique<ImageDataset>(std::move(images), ranges, std::move(state), augmentation, name,
                                        std::move(notices));
}

Examples ImagesConfig::examples(const std::vector<std::string>& files, const std::vector<std::string>& texts,
                                const LoadOptions& options) const {
  ensure(texts.empty(), "images: a text is no picture; give files");
  std::vector<std::string> notices;
  std::vector<ImageFile> read = read_image_files(list_files(files, "images", notices), nullptr, image_size);
  ensure(!read.empty() && !read[0].pictures.empty(), "images: ", files[0], " holds no picture");
  const Picture& first = read[0].pictures[0];
  ImageSet images{count_channels(channels, read, options.known, notices), first.height, first.width, {}, {}, {}};
  index_t resized = 0;
  for (ImageFile& file : read) {
    append(images, file);
    resized += file.resized;
  }
  note_resized(resized, images.count(), image_size, notices);
  check_known(*options.known, images, files[0]);
  std::fill(images.classes.begin(), images.classes.end(), 0);
  const index_t count = images.count();
  auto dataset = std::make_unique<ImageDataset>(std::move(images), all_for_test(count), *options.known, augmentation,
                                                files[0], std::move(notices));
  Examples examples;
  for (index_t i = 0; i < count; ++i) examples.names.push_back(dataset->source(Split::test, i));
  examples.dataset = std::move(dataset);
  return examples;
}

}  // namespace heddle
