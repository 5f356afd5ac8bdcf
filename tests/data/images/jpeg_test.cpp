#include "data/images/jpeg.h"

#include <catch2/catch.hpp>

#include "tests/data/images/hard_bytes.h"
#include "tests/golden/golden.h"
#include "tests/temporary_folder.h"

namespace heddle {
namespace {

std::string jpeg(const std::string& name) {
  return read_bytes(HEDDLE_SOURCE_DIR "/tests/golden/images/" + name + ".jpg");
}

}  // namespace

TEST_CASE("JPEGs, baseline and progressive, grey, coloured and of inks, are the pixels that Pillow reads") {
  const Golden golden("images.txt");
  for (const std::string name : {"colour", "progressive", "full", "grey", "cmyk"}) {
    INFO(name);
    const Picture picture = decode_jpeg(jpeg(name), name);
    const Tensor wanted = golden.tensor(name + "/pixels");
    REQUIRE(Shape{picture.height, picture.width, picture.channels} == wanted.shape());
    REQUIRE(std::ssize(picture.pixels) == wanted.numel());
    int most = 0;
    for (index_t i = 0; i < wanted.numel(); ++i)
      most = std::max(most, std::abs(static_cast<int>(picture.pixels[static_cast<std::size_t>(i)]) -
                                     static_cast<int>(wanted.data()[i])));
    CHECK(most <= 2);  // decoders may round otherwise
  }
}

TEST_CASE("JPEGs that are cut off or damaged are refused in a line that names the file, or give a picture") {
  const std::string name = GENERATE("colour", "progressive", "grey", "cmyk");
  INFO(name);
  check_hard_bytes(jpeg(name), decode_jpeg);
}

TEST_CASE("sizes that a JPEG's header says are checked before they size anything") {
  std::string bytes = jpeg("grey");
  const std::size_t frame = bytes.find("\xff\xc0");
  REQUIRE(frame != bytes.npos);
  bytes.replace(frame + 5, 4, std::string("\xff\0\xff\0", 4));
  CHECK_THROWS_WITH(decode_jpeg(bytes, "large.jpg"),
                    Catch::Contains("large.jpg says that it has 65280 x 65280 pixels"));
  bytes.replace(frame + 5, 4, std::string("\x20\0\x20\0", 4));
  CHECK_THROWS_WITH(
      decode_jpeg(bytes, "large.jpg"),
      Catch::Contains("8192 x 8192 pixels, which " + std::to_string(bytes.size()) + " bytes cannot hold"));
  CHECK_THROWS_WITH(decode_jpeg("", "empty.jpg"), Catch::Contains("empty.jpg is no JPEG"));
}

}  // namespace heddle
