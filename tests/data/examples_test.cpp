// What a model is asked about, file by file, is shown to it as what it learned from was.

#include <catch2/catch.hpp>

#include "data/images/images.h"
#include "data/images/png.h"
#include "data/labels/labelled_text.h"
#include "data/table/table.h"
#include "tests/data/sound/sound_data.h"
#include "tests/temporary_folder.h"

namespace heddle {
namespace {

using Names = std::vector<std::string>;

std::vector<real> values(const Tensor& x) {
  if (!x.defined()) return {};
  return {x.span().begin(), x.span().end()};
}
std::vector<std::int32_t> values(const IdTensor& ids) { return {ids.data(), ids.data() + ids.numel()}; }

/// Checks that `files` and `texts`, which hold what data's test split holds, are shown as it is.
Examples check_shown_alike(const DataConfig& config, index_t block_size, const Names& files, const Names& texts = {}) {
  LoadOptions options;
  options.block_size = block_size;
  const auto dataset = config.load(options);
  options.known = &dataset->state();
  Examples examples = config.examples(files, texts, options);
  REQUIRE(std::ssize(examples.names) == dataset->size(Split::test));
  const Batch asked = all_of(*examples.dataset, Split::test), shown = all_of(*dataset, Split::test);
  CHECK(asked.rows() == std::ssize(examples.names));
  CHECK(values(asked.features) == values(shown.features));
  CHECK(values(asked.mask) == values(shown.mask));
  CHECK(values(asked.inputs) == values(shown.inputs));
  CHECK(values(asked.segments) == values(shown.segments));
  CHECK(values(asked.features).size() + values(asked.inputs).size() > 0);
  return examples;
}

/// Refused in words, by a config whose data is there.
void refuse(const DataConfig& config, const Names& files, const Names& texts, const std::string& text) {
  LoadOptions options;
  const auto dataset = config.load(options);
  options.known = &dataset->state();
  CHECK_THROWS_WITH(config.examples(files, texts, options), Contains(text));
}

std::string grey_png(int brightness, index_t size = 2) {
  Picture picture{1, size, size, {}};
  for (index_t i = 0; i < size * size; ++i) picture.pixels.push_back(static_cast<std::uint8_t>(brightness + i));
  return encode_png(picture);
}

}  // namespace

TEST_CASE("rows of a table that are to be told a class are standardized as those that were learned from") {
  const TemporaryFolder folder;
  TableConfig config;
  config.split.path = {folder.write("train.csv", "1,5,a\n4,2,b\n9,9,a\n3,1,b\n")};
  config.split.test_path = {folder.write("test.csv", "3,3,a\n7,1,b\n")};
  const std::string rows = folder.write("rows.csv", "3,3\n\n7,1\n");
  CHECK(check_shown_alike(config, 0, {rows}).names == Names{rows + ":1", rows + ":3"});
  CHECK(check_shown_alike(config, 0, {folder.write("classes.csv", "3,3,b\n7,1,?\n")}).dataset->notices().size() == 1);
  refuse(config, {folder.write("wide", "1,2,3,4\n")}, {}, "rows of 4 numbers");
  refuse(config, {rows, folder.write("zero", "\n")}, {}, "zero holds no row");
  refuse(config, {}, {"1,2"}, "a text is no row of numbers");
}

TEST_CASE("pictures that are to be told a class are shown as those that were learned from") {
  const TemporaryFolder folder;
  for (int i = 0; i < 8; ++i)
    folder.write(std::string("pets/") + (i % 2 == 0 ? "cat/" : "dog/") + std::to_string(i) + ".png", grey_png(20 * i));
  ImagesConfig config;
  config.split.path = {folder.path("pets")};
  config.split.val_fraction = 0.25;
  folder.write("later/cat/a.png", grey_png(33));
  folder.write("later/dog/b.png", grey_png(77));
  config.split.test_path = {folder.path("later")};
  const std::string some = folder.write("a.png", grey_png(33)), other = folder.write("b.png", grey_png(77));
  CHECK(check_shown_alike(config, 0, {some, other}).names == Names{some, other});
  config.channels = Channels::colour;
  check_shown_alike(config, 0, {some, other});
  refuse(config, {folder.write("large.png", grey_png(1, 3))}, {}, "holds images [3, 3, 3]");
  refuse(config, {some}, {"a cat"}, "a text is no picture");
  refuse(config, {folder.write("cut.png", grey_png(33).substr(0, 40))}, {}, "cut.png");
  config.image_size = 2;
  const std::string large = folder.write("four.png", grey_png(1, 4));
  LoadOptions options;
  const auto dataset = config.load(options);
  options.known = &dataset->state();
  const Names notices = config.examples({large, some}, {}, options).dataset->notices();
  REQUIRE(notices.size() == 1);
  CHECK_THAT(notices[0], Contains("1 of 2 were cropped"));
}

TEST_CASE("sounds that are to be told a class are shown as those that were learned from, padded side by side") {
  const TemporaryFolder folder;
  for (int i = 0; i < 8; ++i)
    write_sound(folder, "sounds/" + std::string(i % 2 == 0 ? "a_" : "b_") + std::to_string(i) + ".wav",
                noise(30 + static_cast<std::size_t>(i), static_cast<std::uint64_t>(i)), kExact);
  SoundConfig config = raw_at(folder.path("sounds"));
  config.split.val_files = {"*_7.wav", "*_6.wav"};
  config.split.test_files = {"*_5.wav", "*_0.wav"};
  const std::string first = folder.path("sounds/a_0.wav"), second = folder.path("sounds/b_5.wav");
  CHECK(check_shown_alike(config, 0, {first, second}).names == Names{first, second});
  const Names notices = check_shown_alike(config, 2, {first, second}).dataset->notices();
  REQUIRE(notices.size() == 1);
  CHECK_THAT(notices[0], Contains("more than 2 frames"));
  refuse(config, {first}, {"hello"}, "a text is no sound");
  refuse(config, {folder.write("none.wav", "no sound")}, {}, "none.wav");
  LoadOptions options;
  const auto dataset = config.load(options);
  options.known = &dataset->state();
  config.frame_ms = 20;
  CHECK_THROWS_WITH(config.examples({first}, {}, options), Contains("trained on [0, 10]"));
}

TEST_CASE("texts that are to be told a class are shown as those that were learned from, with a class beside or not") {
  const TemporaryFolder folder;
  LabelledTextConfig config;
  config.split.path = {folder.write("train.tsv", "a b c\tgood\nb\tbad\nc a\tgood\nb b b b\tbad\n")};
  config.split.val_fraction = 0.25;
  config.split.test_path = {folder.write("test.tsv", "c b\tbad\na\tgood\n")};
  config.tokenizer.kind = "word";
  config.tokenizer.min_count = 1;
  const Names texts = {"c b", "a"};
  CHECK(check_shown_alike(config, 0, {}, texts).names == texts);
  CHECK(check_shown_alike(config, 0, {folder.write("bare.txt", "c b\na\n")}).names == texts);
  CHECK(check_shown_alike(config, 0, {folder.path("test.tsv")}).names == texts);
  CHECK(check_shown_alike(config, 0, {folder.write("one.txt", "c b\n")}, {"a"}).names == texts);
  CHECK_THAT(check_shown_alike(config, 3, {}, texts).dataset->notices().at(0), Contains("1 of 2 texts"));
  refuse(config, {}, {" "}, "the text is empty");
  refuse(config, {folder.path("bare.txt"), folder.write("zero", "\n")}, {}, "zero holds no text");
  refuse(config, {}, {"caf\xE9"}, "the text is not UTF-8");
  config.text = {"1", "2"};
  config.label = "3";
  config.split.path = {folder.write("pairs.tsv", "a b\tc\tgood\nb\ta\tbad\nc a\tb\tgood\nb b\tc\tbad\n")};
  config.split.test_path = {folder.write("more.tsv", "c b\ta\tbad\na\tb\tgood\n")};
  CHECK(check_shown_alike(config, 0, {folder.write("bare.tsv", "c b\ta\na\tb\n")}).names == Names{"c b\ta", "a\tb"});
  refuse(config, {}, {"a"}, "pairs of texts");
}

}  // namespace heddle
