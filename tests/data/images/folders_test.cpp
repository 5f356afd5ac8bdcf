#include <catch2/catch.hpp>
#include <set>

#include "data/images/picture.h"
#include "data/images/png.h"
#include "data/sampler.h"
#include "tests/data/images/idx.h"
#include "tests/data/images/image_data.h"
#include "tests/packed.h"
#include "tests/temporary_folder.h"

namespace heddle {
namespace {

/// A PNG of one brightness; three of them make it coloured.
std::string png(const std::vector<int>& colour, index_t height = 2, index_t width = 2) {
  Picture picture{std::ssize(colour), height, width, {}};
  for (index_t i = 0; i < height * width; ++i) {
    for (const int value : colour) picture.pixels.push_back(static_cast<std::uint8_t>(value));
  }
  return encode_png(picture);
}

/// The first pixel of each image of a split, as bytes.
std::vector<int> pixels_of(const Dataset& dataset, Split split) {
  const auto& pictures = dynamic_cast<const Pictures&>(dataset);
  std::vector<int> pixels;
  for (index_t i = 0; i < dataset.size(split); ++i)
    pixels.push_back(static_cast<int>(pictures.picture(split, i).pixels[0]));
  return pixels;
}

std::vector<std::int32_t> classes_of(const Dataset& dataset, Split split) {
  const Batch batch = get_examples(dataset, split, 0, dataset.size(split));
  return {batch.targets.data(), batch.targets.data() + batch.targets.numel()};
}

/// Four pictures of cats, brightness 10 to 13, and eight of dogs, 20 to 27.
void write_pets(const TemporaryFolder& folder) {
  for (int i = 0; i < 4; ++i) folder.write("pets/cat/" + std::to_string(i) + ".png", png({10 + i}));
  for (int i = 0; i < 8; ++i) folder.write("pets/dog/" + std::to_string(i) + ".png", png({20 + i}));
}

bool says(const Dataset& dataset, const std::string& text) {
  for (const std::string& notice : dataset.notices()) {
    if (notice.find(text) != notice.npos) return true;
  }
  return false;
}

}  // namespace

TEST_CASE(
    "pictures in folders are of the classes that the folders name, and each class gives its share to each split") {
  const TemporaryFolder folder;
  write_pets(folder);
  const auto pets = load(images_at(folder.path("pets"), 0.25, 0.25));
  CHECK(pets->state().labels == std::vector<std::string>{"cat", "dog"});
  CHECK(pets->state().features == std::vector<std::int64_t>{1, 2, 2});
  CHECK(pixels_of(*pets, Split::train) == std::vector<int>{10, 11, 20, 21, 22, 23});
  CHECK(classes_of(*pets, Split::train) == std::vector<std::int32_t>{0, 0, 1, 1, 1, 1});
  CHECK(pixels_of(*pets, Split::val) == std::vector<int>{12, 24, 25});
  CHECK(classes_of(*pets, Split::val) == std::vector<std::int32_t>{0, 1, 1});
  CHECK(pixels_of(*pets, Split::test) == std::vector<int>{13, 26, 27});
  CHECK(says(*pets, "shares of data.path are of each class"));
  CHECK_THAT(pets->describe(), Catch::Contains("2 x 2 grey images, 2 classes; 6 train, 3 validate, 3 test"));
  // standardized by the pictures that are trained on
  CHECK(pets->state().mean[0] == Approx((10 + 11 + 20 + 21 + 22 + 23) / 6.0));
}

TEST_CASE("pictures of a split may have folders of their own, or names that a pattern fits, and classes by a pattern") {
  const TemporaryFolder folder;
  write_pets(folder);
  folder.write("later/dog/a.png", png({90}));
  folder.write("later/cat/b.png", png({91}));
  ImagesConfig config = images_at(folder.path("pets"));
  config.split.val_path = {folder.path("later")};
  config.split.test_files = {"[01].png"};
  const auto apart = load(config);
  CHECK(pixels_of(*apart, Split::train) == std::vector<int>{12, 13, 22, 23, 24, 25, 26, 27});
  CHECK(pixels_of(*apart, Split::val) == std::vector<int>{91, 90});
  CHECK(classes_of(*apart, Split::val) == std::vector<std::int32_t>{0, 1});
  CHECK(pixels_of(*apart, Split::test) == std::vector<int>{10, 11, 20, 21});
  CHECK_FALSE(says(*apart, "shares"));
  const auto& pictures = dynamic_cast<const Pictures&>(*apart);
  CHECK(pictures.source(Split::val, 1) == folder.path("later/dog/a.png"));
  CHECK(pictures.source(Split::train, 2) == folder.path("pets/dog/2.png"));

  for (const char* name : {"9_x.png", "10_x.png", "9_y.png", "10_y.png"})
    folder.write(std::string("named/") + name, png({name[0] == '9' ? 9 : 10}));
  config = images_at(folder.path("named"), 0.5);
  config.label = "{}_*.png";
  const auto named = load(config);
  CHECK(named->state().labels == std::vector<std::string>{"9", "10"});
  CHECK(pixels_of(*named, Split::train) == std::vector<int>{10, 9});
  CHECK(classes_of(*named, Split::train) == std::vector<std::int32_t>{1, 0});
  CHECK(classes_of(*named, Split::val) == std::vector<std::int32_t>{1, 0});
}

TEST_CASE("images are grey or coloured as the training images are, or as they are asked to be, and it is said") {
  const TemporaryFolder folder;
  for (int i = 0; i < 4; ++i) {
    folder.write("grey/a/" + std::to_string(i), png({50 + i}));
    folder.write("colour/a/" + std::to_string(i), png({50 + i, 0, 200}));
    folder.write("mixed/a/" + std::to_string(i), i % 2 == 0 ? png({60}) : png({50, 0, 200}));
  }
  for (const std::string name : {"grey", "colour", "mixed"}) folder.write(name + "/b/0", png({1}));
  const auto channels_of = [&](const std::string& name, Channels wanted) {
    ImagesConfig config = images_at(folder.path(name));
    config.channels = wanted;
    config.split.val_files = {"3"};
    auto dataset = load(config);
    CHECK(says(*dataset, "are grey") == (wanted == Channels::automatic && name != "grey"));
    return dataset;
  };
  CHECK(channels_of("grey", Channels::automatic)->state().features[0] == 1);
  CHECK(channels_of("colour", Channels::automatic)->state().features[0] == 3);
  const auto mixed = channels_of("mixed", Channels::automatic);
  REQUIRE(mixed->state().features[0] == 3);
  CHECK(says(*mixed, "3 of 4 training images are grey; all are read in colour"));
  CHECK(dynamic_cast<const Pictures&>(*mixed).picture(Split::train, 0).pixels ==
        std::vector<std::uint8_t>(12, std::uint8_t{60}));
  CHECK(channels_of("grey", Channels::colour)->state().features[0] == 3);
  const auto grey = channels_of("colour", Channels::grey);
  REQUIRE(grey->state().features[0] == 1);
  CHECK(pixels_of(*grey, Split::train)[1] == (299 * 51 + 114 * 200 + 500) / 1000);
  // of other data, as the model was trained
  const auto known = load(images_at(folder.path("colour")), &channels_of("grey", Channels::automatic)->state());
  CHECK(known->state().features[0] == 1);
}

TEST_CASE("images of different sizes are refused by their files, or made squares of one size where that is asked for") {
  const TemporaryFolder folder;
  folder.write("set/a/0.png", png({10}, 4, 4));
  folder.write("set/a/1.png", png({11}, 4, 8));
  folder.write("set/a/2.png", png({12}, 16, 6));
  folder.write("set/a/3.png", png({13}, 4, 4));
  folder.write("set/b/0.png", png({20}, 4, 4));
  ImagesConfig config = images_at(folder.path("set"));
  CHECK_THROWS_WITH(load(config), Catch::Contains("a/1.png holds images of 8 x 4, the files before it of 4 x 4; give "
                                                  "images of one size, or set data.image_size"));
  config.image_size = 4;
  config.split.val_files = {"3.png"};
  const auto squares = load(config);
  CHECK(squares->state().features == std::vector<std::int64_t>{1, 4, 4});
  CHECK(pixels_of(*squares, Split::train) == std::vector<int>{10, 11, 12, 20});
  CHECK(says(*squares, "2 of 5 were cropped in the middle and resized to 4 x 4"));
  // those of IDX files, too
  folder.write("idx/labels", idx({2}, std::string{0, 1}));
  ImagesConfig numbers = images_at(folder.write("idx/images", idx({2, 6, 8}, std::string(96, 'x'))), 0.5);
  numbers.image_size = 3;
  CHECK(load(numbers)->state().features == std::vector<std::int64_t>{1, 3, 3});
  CHECK(says(*load(numbers), "2 of 2 were cropped"));
  // other data of a model is to be of its size
  CHECK_THROWS_WITH(load(images_at(folder.path("idx/images"), 0.5), &squares->state()),
                    Catch::Contains("the model was trained on images [1, 4, 4]") && Catch::Contains("data.image_size"));
}

TEST_CASE("what is no picture in a folder of pictures is passed over or refused by its name") {
  const TemporaryFolder folder;
  write_pets(folder);
  folder.write("pets/readme.txt", "pets");
  folder.write("pets/dog/about.csv", "a,b");
  folder.write("pets/.hidden", "x");
  CHECK(load(images_at(folder.path("pets")))->size(Split::train) == 9);
  const auto refused = [&](const std::string& name, const std::string& bytes, const std::string& why) {
    INFO(name);
    const std::string path = folder.write(name, bytes);
    CHECK_THROWS_WITH(load(images_at(folder.path("pets"))),
                      Catch::Contains(path) && Catch::Contains(why) && !Catch::Contains("\n"));
    std::filesystem::remove(path);
  };
  refused("pets/dog/5a.png", "", "is no PNG: it begins");
  refused("pets/dog/5a.JPG", "GIF89a", "is no JPEG");
  refused("pets/dog/5a.webp", "RIFF", "is no PNG, JPEG or IDX file");
  const std::string whole = png({5});
  refused("pets/dog/5a.png", whole.substr(0, whole.size() - 20), "cut off");
  std::string damaged = whole;
  damaged[damaged.size() - 18] ^= 1;  // the checksum of the pixels
  refused("pets/dog/5a", damaged, "is a damaged PNG");
  // of several the first is named, on any number of threads
  folder.write("pets/cat/5.png", "x");
  folder.write("pets/dog/5a.png", "x");
  for (int i = 0; i < 5; ++i)
    CHECK_THROWS_WITH(load(images_at(folder.path("pets"))), Catch::Contains("cat/5.png is no PNG"));
  // packed as any file may be
  for (int i = 0; i < 4; ++i) folder.write("packed/a/" + std::to_string(i) + ".png.gz", gzip(png({i})));
  CHECK(pixels_of(*load(images_at(folder.path("packed"))), Split::train) == std::vector<int>{0, 1, 2});
}

TEST_CASE("classes without a training picture, keys of other kinds of files and mixed kinds are refused in a line") {
  const TemporaryFolder folder;
  write_pets(folder);
  ImagesConfig config = images_at(folder.path("pets"));
  config.classes = 2;
  CHECK_THROWS_WITH(load(config), Catch::Contains("data.classes = 2 is for IDX files"));
  config = images_at(folder.path("pets"));
  config.labels = {folder.write("labels", idx({2}, "ab"))};
  CHECK_THROWS_WITH(load(config), Catch::Contains("labels are the labels of no file of images"));
  config = images_at(folder.path("pets"));
  config.label = "cat_{}.png";
  CHECK_THROWS_WITH(load(config), Catch::Contains("data.label = cat_{}.png does not fit"));
  const DataState known = load(images_at(folder.path("pets")))->state();
  folder.write("more/bird/0.png", png({1}));
  config = images_at(folder.path("pets"));
  config.split.test_path = {folder.path("more")};
  CHECK_THROWS_WITH(load(config), Catch::Contains("holds the class 'bird', which no training example has; those have "
                                                  "cat, dog"));
  CHECK_THROWS_WITH(load(config, &known), Catch::Contains("'bird', which the model was not trained on"));
  config = images_at(folder.path("more"));
  CHECK_THROWS_WITH(load(config), Catch::Contains("the training part has 0 images"));

  folder.write("many/some-labels", idx({2}, std::string{0, 1}));
  const std::string many = folder.write("many/some-images", idx({2, 2, 2}, "abcdefgh"));
  config = images_at(folder.path("pets"));
  config.split.path.push_back(many);
  CHECK_THROWS_WITH(load(config), Catch::Contains("is one picture, " + many + " holds many"));
  config = images_at(many, 0.5);
  config.label = "{}";
  CHECK_THROWS_WITH(load(config), Catch::Contains("data.label = {} is for pictures in files of their own"));
}

TEST_CASE("pictures that are judged whole are one split, and of shares nothing is said") {
  const TemporaryFolder folder;
  write_pets(folder);
  ImagesConfig config = images_at(folder.path("pets"));
  const auto parted = load(config);
  const auto has_shares = [](const Dataset& dataset) {
    const std::vector<std::string> all = dataset.notices();
    return std::any_of(all.begin(), all.end(),
                       [](const std::string& one) { return one.find("shares of data.path") != one.npos; });
  };
  CHECK(has_shares(*parted));
  config.split = SplitConfig::whole_of(config.split.path);
  const auto whole = load(config, &parted->state());
  CHECK_FALSE(has_shares(*whole));
  CHECK(whole->size(Split::test) == parted->size(Split::train) + parted->size(Split::val) + parted->size(Split::test));
  CHECK(whole->size(Split::train) + whole->size(Split::val) == 0);
}

TEST_CASE("training images are augmented as the keys say, others never, and pictures are shown as they were read") {
  const TemporaryFolder folder;
  write_pets(folder);
  ImagesConfig config = images_at(folder.path("pets"));
  const auto plain = load(config);
  config.augmentation.shift = 2;
  config.augmentation.flip = true;
  config.augmentation.crop = 0.5;
  const auto shifted = load(config);
  const auto shown = [&](const Dataset& dataset, bool augment) {
    Batch batch = get_examples(dataset, Split::train, 0, dataset.size(Split::train));
    batch.first_row = 40;
    if (augment) dataset.augment(batch, Rng(3));
    return std::vector<real>(batch.features.span().begin(), batch.features.span().end());
  };
  CHECK(shown(*plain, true) == shown(*plain, false));
  CHECK(shown(*shifted, false) == shown(*plain, false));
  CHECK(shown(*shifted, true) != shown(*plain, false));
  CHECK(shown(*shifted, true) == shown(*shifted, true));
  CHECK(pixels_of(*shifted, Split::train) == pixels_of(*plain, Split::train));
  // what comes in from outside is black: the least that any pixel can be
  const real black = static_cast<real>(-plain->state().mean[0] / plain->state().deviation[0]);
  std::set<real> values;
  for (const real value : shown(*shifted, true)) values.insert(value);
  CHECK(*values.begin() == Approx(black));
}

}  // namespace heddle
