
#include <catch2/catch.hpp>
#include <cmath>
#include <numeric>

#include "data/sampler.h"
#include "tests/data/images/idx.h"
#include "tests/data/images/image_data.h"
#include "tests/packed.h"
#include "tests/real_data.h"
#include "tests/temporary_folder.h"

namespace heddle {
namespace {

/// Bytes that are all different for a while: 7, 20, 33 ...
std::string some_bytes(std::size_t count) {
  std::string bytes;
  for (std::size_t i = 0; i < count; ++i) bytes += static_cast<char>(i * 13 + 7);
  return bytes;
}

/// Four images of 2 x 3 pixels, of the classes 2, 0, 1, 2.
const std::string kPixels = some_bytes(24);
const std::string kClasses{2, 0, 1, 2};

std::string write_four(const TemporaryFolder& folder, const std::string& images = idx({4, 2, 3}, kPixels),
                       const std::string& labels = idx({4}, kClasses)) {
  folder.write("labels-idx1-ubyte", labels);
  return folder.write("images-idx3-ubyte", images);
}

Batch all_of(const Dataset& dataset, Split split) { return get_examples(dataset, split, 0, dataset.size(split)); }

std::string batch_of_cifar(const std::string& classes) {
  std::string bytes;
  for (std::size_t i = 0; i < classes.size(); ++i) bytes += classes[i] + some_bytes(3072 + i).substr(i);
  return bytes;
}

}  // namespace

TEST_CASE("pixels are standardized by each channel's mean and deviation over the training images") {
  const TemporaryFolder folder;
  const bool grey = GENERATE(true, false);
  const index_t channels = grey ? 1 : 2;
  const std::string pixels = some_bytes(static_cast<std::size_t>(4 * channels * 6));
  const std::string images = grey ? idx({4, 2, 3}, pixels) : idx({4, 2, 2, 3}, pixels);
  const auto dataset = load(images_at(write_four(folder, GENERATE(true, false) ? gzip(images) : images)));
  REQUIRE(dataset->size(Split::train) == 3);
  REQUIRE(dataset->size(Split::val) == 1);
  REQUIRE(dataset->size(Split::test) == 0);
  REQUIRE(dataset->state().features == std::vector<std::int64_t>{channels, 2, 3});
  const Batch train = all_of(*dataset, Split::train), val = all_of(*dataset, Split::val);
  REQUIRE(train.features.shape() == Shape{3, channels, 2, 3});
  for (index_t channel = 0; channel < channels; ++channel) {
    const auto pixel = [&](index_t image, index_t i) {
      return static_cast<double>(
          static_cast<unsigned char>(pixels[static_cast<std::size_t>((image * channels + channel) * 6 + i)]));
    };
    double mean = 0, variance = 0;
    for (index_t i = 0; i < 18; ++i) mean += pixel(i / 6, i % 6) / 18;
    for (index_t i = 0; i < 18; ++i) variance += std::pow(pixel(i / 6, i % 6) - mean, 2) / 18;
    for (index_t image = 0; image < 4; ++image) {
      for (index_t i = 0; i < 6; ++i) {
        const Batch& batch = image < 3 ? train : val;
        const real got = batch.features.data()[(image % 3 * channels + channel) * 6 + i];
        CHECK(static_cast<double>(got) == Approx((pixel(image, i) - mean) / std::sqrt(variance)).margin(1e-5));
      }
    }
  }
  CHECK(std::vector<std::int32_t>(train.targets.data(), train.targets.data() + 3) ==
        std::vector<std::int32_t>{2, 0, 1});
  CHECK(val.targets[0] == 2);
  CHECK(dataset->state().labels == std::vector<std::string>{"0", "1", "2"});
}

TEST_CASE("images of one brightness are not divided by nothing") {
  const TemporaryFolder folder;
  const auto dataset = load(images_at(write_four(folder, idx({4, 2, 3}, std::string(24, '\x50')))));
  const Batch train = all_of(*dataset, Split::train);
  for (const real x : train.features.span()) CHECK(x == 0);
}

TEST_CASE("places are read in any order, of any split") {
  const TemporaryFolder folder;
  const auto dataset = load(images_at(write_four(folder), 0.25, 0.25));
  const std::vector<index_t> places = {1, 0, 1};
  const Batch batch = dataset->get(Split::train, places), train = all_of(*dataset, Split::train);
  for (index_t row = 0; row < 3; ++row) {
    const index_t place = places[static_cast<std::size_t>(row)];
    CHECK(batch.targets[row] == train.targets[place]);
    CHECK(std::equal(batch.features.data() + row * 6, batch.features.data() + row * 6 + 6,
                     train.features.data() + place * 6));
  }
  CHECK(all_of(*dataset, Split::val).targets[0] == 1);
  CHECK(all_of(*dataset, Split::test).targets[0] == 2);
  CHECK_THAT(dataset->describe(), Catch::Contains("3 x 2 grey images, 3 classes; 2 train, 1 validate, 1 test"));
}

TEST_CASE("labels lie beside the images as MNIST's do, or in the same folder, or where they are said to") {
  const TemporaryFolder folder;
  const auto classes_of = [](const Dataset& dataset) {
    const Batch train = all_of(dataset, Split::train);
    return std::vector<std::int32_t>(train.targets.data(), train.targets.data() + train.targets.numel());
  };
  const std::vector<std::int32_t> wanted = {2, 0, 1};
  folder.write("set/t10k-images-idx3-ubyte.gz", gzip(idx({4, 2, 3}, kPixels)));
  folder.write("set/t10k-labels-idx1-ubyte.gz", gzip(idx({4}, kClasses)));
  CHECK(classes_of(*load(images_at(folder.path("set/t10k-images-idx3-ubyte.gz")))) == wanted);
  CHECK(classes_of(*load(images_at(folder.path("set")))) == wanted);

  ImagesConfig named = images_at(folder.write("pixels", idx({4, 2, 3}, kPixels)));
  CHECK_THROWS_WITH(load(named), Catch::Contains("the labels of " + folder.path("pixels") + " are not known") &&
                                     Catch::Contains("data.labels"));
  named.labels = {folder.write("classes", idx({4}, kClasses))};
  CHECK(classes_of(*load(named)) == wanted);
  named.split.path.push_back(folder.path("pixels"));
  CHECK_THROWS_WITH(load(named), Catch::Contains("has no file of labels; data.labels"));
  named.labels = std::vector<std::string>(3, folder.path("classes"));
  CHECK_THROWS_WITH(load(named), Catch::Contains("are the labels of no file of images; data.labels"));
  named.labels.pop_back();
  CHECK(load(named)->size(Split::train) == 6);
}

TEST_CASE("images of a split may have files of their own, by path or by a pattern on their names") {
  const TemporaryFolder folder;
  folder.write("set/train-images", idx({4, 2, 3}, kPixels));
  folder.write("set/train-labels", idx({4}, kClasses));
  folder.write("set/test-images", idx({1, 2, 3}, some_bytes(6)));
  folder.write("set/test-labels", idx({1}, std::string{1}));
  ImagesConfig config = images_at(folder.path("set"));
  config.split.test_files = {"test-*"};
  const auto by_name = load(config);
  CHECK(by_name->size(Split::train) == 3);
  CHECK(by_name->size(Split::val) == 1);
  REQUIRE(by_name->size(Split::test) == 1);
  CHECK(all_of(*by_name, Split::test).targets[0] == 1);

  config = images_at(folder.path("set/train-images"));
  config.split.val_path = {folder.path("set/test-images")};
  config.split.test_path = {folder.path("set/train-images")};
  config.val_labels = {folder.path("set/test-labels")};
  config.test_labels = {folder.path("set/train-labels")};
  const auto by_path = load(config);
  CHECK(by_path->size(Split::train) == 4);
  REQUIRE(by_path->size(Split::val) == 1);
  CHECK(by_path->size(Split::test) == 4);
  CHECK(all_of(*by_path, Split::val).targets[0] == 1);
  CHECK(all_of(*by_path, Split::test).targets[3] == 2);
  // standardized by the training images alone
  double mean = 0;
  for (const char pixel : kPixels) mean += static_cast<unsigned char>(pixel) / 24.0;
  CHECK(by_path->state().mean[0] == Approx(mean));
}

TEST_CASE("batches of CIFAR-10 are read, with the names of the classes that lie beside them or without") {
  const TemporaryFolder folder;
  const std::string batch = batch_of_cifar({3, 1, 0, 1});
  folder.write("alone/data_batch_1.bin", batch);
  folder.write("named/batches.meta.txt", "airplane\nautomobile\nbird\ncat\ndeer\n\n");
  folder.write("named/data_batch_1.bin", batch);
  folder.write("named/readme.html", "<html>");
  folder.write("named/test_batch.bin", batch_of_cifar({2, 2}));
  const auto alone = load(images_at(folder.path("alone/data_batch_1.bin")));
  CHECK(alone->state().features == std::vector<std::int64_t>{3, 32, 32});
  CHECK(alone->state().labels == std::vector<std::string>{"0", "1", "2", "3"});
  const Batch train = all_of(*alone, Split::train);
  CHECK(train.targets[0] == 3);
  CHECK(train.targets[2] == 0);
  const auto pixel = [&](std::size_t image, std::size_t i) {
    return static_cast<double>(static_cast<unsigned char>(batch[image * 3073 + 1 + i]));
  };
  for (const std::size_t i : {std::size_t{0}, std::size_t{1023}, std::size_t{1024}, std::size_t{3071}}) {
    const std::size_t channel = i / 1024;
    const double wanted = (pixel(1, i) - alone->state().mean[channel]) / alone->state().deviation[channel];
    CHECK(static_cast<double>(train.features.data()[3072 + i]) == Approx(wanted).margin(1e-5));
  }
  ImagesConfig config = images_at(folder.path("named"));
  config.split.test_files = {"test_*"};
  const auto named = load(config);
  CHECK(named->state().labels == std::vector<std::string>{"airplane", "automobile", "bird", "cat", "deer"});
  CHECK(named->size(Split::train) == 3);
  CHECK(named->size(Split::test) == 2);
  CHECK_THAT(named->describe(), Catch::Contains("32 x 32 colour images, 5 classes"));
  config.channels = Channels::grey;
  CHECK(load(config)->state().features == std::vector<std::int64_t>{1, 32, 32});
  // of more classes than have names the others are called by their numbers
  folder.write("few/batches.meta.txt", "airplane\nautomobile\n");
  const std::string few = folder.write("few/data_batch_1.bin", batch);
  CHECK(load(images_at(few))->state().labels == std::vector<std::string>{"airplane", "automobile", "2", "3"});
  // and what is to be told a class may say one that the model does not know
  const DataState known = load(images_at(few))->state();
  LoadOptions options;
  options.known = &known;
  const Examples found = images_at(few).examples({folder.write("new", batch_of_cifar({9}))}, {}, options);
  CHECK(all_of(*found.dataset, Split::test).targets[0] == 0);
}

TEST_CASE("a batch of CIFAR-10 that begins with zeros, as IDX files do, is one") {
  const TemporaryFolder folder;
  std::string batch = batch_of_cifar({0, 1, 0, 1});
  batch[1] = 0;  // a black pixel of the first class
  const auto images = load(images_at(folder.write("data_batch_1.bin", batch)));
  CHECK(images->state().features == std::vector<std::int64_t>{3, 32, 32});
  CHECK(all_of(*images, Split::train).targets[1] == 1);
}

TEST_CASE("what is no file of images or labels is refused in a line that says why") {
  const TemporaryFolder folder;
  const std::string good = idx({4, 2, 3}, kPixels), labels = idx({4}, kClasses);
  const auto refused = [&](const std::string& images, const std::string& classes, const std::string& why) {
    const std::string path = write_four(folder, images, classes);
    INFO(why);
    CHECK_THROWS_WITH(load(images_at(path)), Catch::Contains(why) && !Catch::Contains("\n"));
  };
  const std::string images_file = folder.path("images-idx3-ubyte"), labels_file = folder.path("labels-idx1-ubyte");
  refused(good.substr(0, 3), labels, images_file + " is cut off: it ends within the header");
  refused(good.substr(0, 15), labels, images_file + " is cut off: it ends within its header");
  refused(good.substr(0, good.size() - 1), labels,
          images_file + " is cut off: [4, 2, 3] needs 24 bytes behind the header, and there are 23");
  refused(good + "x", labels,
          images_file + " is too long: [4, 2, 3] needs 24 bytes behind the header, and there are 25");
  refused(idx({4, 2, 3}, std::string(96, 'x'), 0x0D), labels, "numbers of IDX type 13, wanted 8, unsigned bytes");
  refused(idx({1, 1, 1, 1, 1}, "x"), labels, "has 5 axes");
  refused(idx({0, 2, 3}, ""), labels, "has an axis of 0 elements");
  refused(idx({0xFFFFFFFF, 0xFFFFFFFF, 0xFFFFFFFF}, "x"), labels, "has an axis of 4294967295 elements");
  refused(labels, labels, images_file + " holds [4], wanted images [count, height, width]");
  refused(idx({4, 6}, kPixels), labels, images_file + " holds [4, 6], wanted images");
  refused(good, good, labels_file + " holds [4, 2, 3], wanted a label an image; is it a file of images?");
  refused(good, "0123", labels_file + " is no IDX file");
  refused(good, labels.substr(0, 10), labels_file + " is cut off");
  refused(good, idx({3}, kClasses.substr(1)), labels_file + " has 3 labels, " + images_file + " has 4 images");
  refused(good, idx({5}, kClasses + '\0'), labels_file + " has 5 labels, " + images_file + " has 4 images");
  refused("no images at all", labels, images_file + " is no PNG, JPEG or IDX file, and no batch of CIFAR-10: 16 bytes");
  refused(batch_of_cifar({1, 2}).substr(1), labels, "6145 bytes are not a multiple of 3073; is it cut off");
  refused("", labels, "is no PNG, JPEG or IDX file, and no batch of CIFAR-10: 0 bytes");
  refused(gzip(good).substr(0, 30), labels, images_file);
  CHECK_THROWS_WITH(load(images_at(folder.path("none"))), Catch::Contains("none does not exist"));
  CHECK_THROWS_WITH(load(images_at("builtin:xor")), Catch::Contains("builtin:xor"));
}

TEST_CASE("labels outside the classes, images of other sizes and empty splits are refused") {
  const TemporaryFolder folder;
  ImagesConfig config = images_at(write_four(folder));
  config.classes = 2;
  CHECK_THROWS_WITH(load(config), Catch::Contains("image 0 has label 2, outside the 2 classes; set data.classes"));
  config.classes = 5;
  CHECK(load(config)->state().labels.size() == 5);
  config.classes = 0;
  write_four(folder, idx({4, 2, 3}, kPixels), idx({4}, std::string("\xFF\x01\x00\x02", 4)));
  CHECK(all_of(*load(config), Split::train).targets[0] == 255);

  folder.write("wide-images", idx({1, 2, 4}, some_bytes(8)));
  folder.write("wide-labels", idx({1}, std::string{1}));
  config.split.path.push_back(folder.path("wide-images"));
  CHECK_THROWS_WITH(load(config), Catch::Contains("wide-images holds images of 4 x 2") &&
                                      Catch::Contains("the files before it of 3 x 2"));

  CHECK_THROWS_WITH(load(images_at(folder.path("wide-images"))),
                    Catch::Contains("the training part has 0 images, needs at least 1"));
  folder.write("two-labels", idx({2}, std::string{1, 0}));
  CHECK_THROWS_WITH(load(images_at(folder.write("two-images", idx({2, 2, 3}, some_bytes(12))), 0.25, 0.25)),
                    Catch::Contains("the validation part has 0 images, needs at least 1"));
  CHECK_THROWS_WITH(load(images_at(folder.path("images-idx3-ubyte"), 0.5, 0.5)),
                    Catch::Contains("leave nothing to train on"));
}

TEST_CASE("other images are shown to a model as its own were, and refused if they are of another size or class") {
  const TemporaryFolder folder;
  const auto own = load(images_at(write_four(folder)));
  folder.write("more-images", idx({2, 2, 3}, std::string(12, '\x09')));
  const std::string labels = folder.write("more-labels", idx({2}, std::string{1, 1}));
  const auto other = load(images_at(folder.path("more-images"), 0.5), &own->state());
  CHECK(other->state().labels == own->state().labels);
  CHECK(static_cast<double>(all_of(*other, Split::val).features.data()[0]) ==
        Approx((9 - own->state().mean[0]) / own->state().deviation[0]));
  // a run that begins with another one standardizes as that did
  LoadOptions options;
  options.start = &own->state();
  CHECK(images_at(folder.path("more-images"), 0.5).load(options)->state().mean == own->state().mean);
  write_bytes(labels, idx({2}, std::string{1, 3}));
  CHECK_THROWS_WITH(load(images_at(folder.path("more-images"), 0.5), &own->state()),
                    Catch::Contains("image 1 has label 3, outside the 3 classes"));
  folder.write("wide-images", idx({2, 2, 4}, some_bytes(16)));
  folder.write("wide-labels", idx({2}, std::string{1, 1}));
  CHECK_THROWS_WITH(load(images_at(folder.path("wide-images"), 0.5), &own->state()),
                    Catch::Contains("holds images [1, 2, 4], and the model was trained on images [1, 2, 3]"));
}

TEST_CASE("images that are to be told a class need no labels, and those that are there are passed over") {
  const TemporaryFolder folder;
  const ImagesConfig config = images_at(write_four(folder));
  const DataState own = load(config)->state();
  LoadOptions options;
  options.known = &own;
  folder.write("new/one", idx({1, 2, 3}, std::string(6, '\x09')));
  folder.write("new/two", idx({2, 2, 3}, std::string(6, '\x0a') + std::string(6, '\x0b')));
  folder.write("new/labels", idx({2}, std::string{7, 7}));
  const Examples found = config.examples({folder.path("new")}, {}, options);
  CHECK(found.names == std::vector<std::string>{folder.path("new/one"), folder.path("new/two") + " #0",
                                                folder.path("new/two") + " #1"});
  REQUIRE(found.dataset->size(Split::test) == 3);
  const Batch batch = all_of(*found.dataset, Split::test);
  for (const index_t row : {0, 1, 2})
    CHECK(static_cast<double>(batch.features.data()[6 * row]) ==
          Approx((9 + static_cast<double>(row) - own.mean[0]) / own.deviation[0]));
  CHECK_THROWS_WITH(config.examples({folder.path("new/labels")}, {}, options), Catch::Contains("holds [2]"));
}

TEST_CASE("a model's state that does not fit its own sizes is refused, and not read past its end") {
  const TemporaryFolder folder;
  const ImagesConfig config = images_at(write_four(folder));
  DataState known = load(config)->state();
  known.mean.push_back(0);
  CHECK_THROWS_WITH(load(config, &known), Catch::Contains("the model keeps 2 means and 1 deviations for 1 channels"));
}

TEST_CASE("the fingerprint of images changes with a pixel and with a label, and not with packing") {
  const TemporaryFolder folder;
  const std::string images = idx({4, 2, 3}, kPixels), labels = idx({4}, kClasses);
  const auto print = [&](const std::string& i, const std::string& l) {
    return load(images_at(write_four(folder, i, l)))->fingerprint();
  };
  const std::uint64_t plain = print(images, labels);
  CHECK(print(gzip(images), gzip(labels)) == plain);
  std::string pixel = images, label = labels;
  ++pixel.back();
  --label.back();
  CHECK(print(pixel, labels) != plain);
  CHECK(print(images, label) != plain);
}

TEST_CASE("the 10,000 digits of MNIST's test are split into 7,000, 1,000 and 2,000") {
  const std::string path = real_data("mnist10k");
  if (path.empty()) return;
  const auto dataset = load(images_at(path, 0.1, 0.2));
  CHECK(dataset->size(Split::train) == 7000);
  CHECK(dataset->size(Split::val) == 1000);
  CHECK(dataset->size(Split::test) == 2000);
  CHECK(dataset->state().labels.size() == 10);
  CHECK(all_of(*dataset, Split::train).targets[0] == 7);  // as every picture of the set shows first
  CHECK(dataset->state().mean[0] == Approx(33).margin(2));
}

}  // namespace heddle
