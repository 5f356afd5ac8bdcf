#include "data/images/picture.h"

#include <catch2/catch.hpp>
#include <numeric>

#include "tests/golden/golden.h"

namespace heddle {
namespace {

Picture golden_picture(const Golden& golden, const std::string& name) {
  const Tensor values = golden.tensor(name);
  Picture picture{values.size(2), values.size(0), values.size(1), {}};
  for (const real value : values.span()) picture.pixels.push_back(static_cast<std::uint8_t>(value));
  return picture;
}

/// Pixels that count from `first` on.
Picture counting(index_t channels, index_t height, index_t width, int first = 0) {
  Picture picture{channels, height, width, {}};
  picture.pixels.resize(static_cast<std::size_t>(channels * height * width));
  std::iota(picture.pixels.begin(), picture.pixels.end(), static_cast<std::uint8_t>(first));
  return picture;
}

}  // namespace

TEST_CASE("the square in the middle of a picture is resized as Pillow's bilinear filter does, smaller and larger") {
  const Golden golden("images.txt");
  const Picture picture = golden_picture(golden, "resize/pixels");
  for (const index_t size : {5, 17, 30}) {
    INFO(size);
    const Picture wanted = golden_picture(golden, "resize/" + std::to_string(size) + "/pixels");
    const Picture got = square(picture, size);
    REQUIRE(got.height == size);
    REQUIRE(got.width == size);
    REQUIRE(got.pixels.size() == wanted.pixels.size());
    int most = 0;
    for (std::size_t i = 0; i < got.pixels.size(); ++i)
      most = std::max(most, std::abs(static_cast<int>(got.pixels[i]) - static_cast<int>(wanted.pixels[i])));
    CHECK(most <= (size == 17 ? 0 : 1));  // Pillow rounds between its two passes
  }
}

TEST_CASE("the square of a picture is cut from its middle, of a high one as of a wide one") {
  CHECK(square(counting(1, 1, 5), 1).pixels == std::vector<std::uint8_t>{2});
  CHECK(square(counting(1, 5, 1), 1).pixels == std::vector<std::uint8_t>{2});
  CHECK(square(counting(1, 2, 4), 2).pixels == std::vector<std::uint8_t>{1, 2, 5, 6});
  CHECK(square(counting(1, 4, 2), 2).pixels == std::vector<std::uint8_t>{2, 3, 4, 5});
}

TEST_CASE("colours become grey by their luma, grey becomes three equal channels, and other numbers are refused") {
  const Picture grey = with_channels({3, 1, 4, {255, 0, 0, 0, 255, 0, 0, 0, 255, 90, 90, 90}}, 1);
  CHECK(grey.channels == 1);
  CHECK(grey.height == 1);
  CHECK(grey.width == 4);
  CHECK(grey.pixels == std::vector<std::uint8_t>{76, 150, 29, 90});
  const Picture colour = with_channels({1, 2, 1, {7, 9}}, 3);
  CHECK(colour.channels == 3);
  CHECK(colour.height == 2);
  CHECK(colour.pixels == std::vector<std::uint8_t>{7, 7, 7, 9, 9, 9});
  CHECK(with_channels(counting(2, 1, 1), 2).pixels == std::vector<std::uint8_t>{0, 1});
  CHECK_THROWS_WITH(with_channels(counting(2, 1, 1), 3),
                    Catch::Contains("2 channels cannot be made ones of 3; set data.channels"));
}

TEST_CASE("planes of a picture come to stand beside each other") {
  const std::string planes = "\1\2\3\4\5\6\7\10\11\12\13\14";
  const Picture picture = picture_of_planes(planes, 3, 2, 2);
  CHECK(picture.pixels == std::vector<std::uint8_t>{1, 5, 9, 2, 6, 10, 3, 7, 11, 4, 8, 12});
}

TEST_CASE("a sheet shows pictures row by row, enlarged alike, and in colour if one of them is") {
  const Picture black{1, 2, 3, std::vector<std::uint8_t>(6, 0)},
      red{3, 2, 3, {255, 0, 0, 255, 0, 0, 255, 0, 0, 255, 0, 0, 255, 0, 0, 255, 0, 0}};
  const Picture all = sheet({black, black, red}, 2);
  const index_t times = 28;  // 84 pixels of the longer side
  REQUIRE(all.channels == 3);
  REQUIRE(all.width == 2 * (3 * times + 2) + 2);
  REQUIRE(all.height == 2 * (2 * times + 2) + 2);
  const auto pixel = [&](index_t y, index_t x) {
    const auto at = all.pixels.begin() + (y * all.width + x) * 3;
    return std::vector<int>(at, at + 3);
  };
  const std::vector<int> ground = {128, 128, 128}, is_black = {0, 0, 0}, is_red = {255, 0, 0};
  CHECK(pixel(0, 0) == ground);
  CHECK(pixel(2, 2) == is_black);
  CHECK(pixel(2 * times + 1, 3 * times + 1) == is_black);
  CHECK(pixel(2, 3 * times + 2) == ground);
  CHECK(pixel(2, 3 * times + 4) == is_black);
  CHECK(pixel(2 * times + 4, 2) == is_red);
  CHECK(pixel(2 * times + 4, 3 * times + 4) == ground);  // there is no fourth
  CHECK(sheet({black}, 6).channels == 1);
  const Picture large = counting(1, 100, 200);
  CHECK(sheet({large}, 1).width == 204);
  CHECK_THROWS_WITH(sheet({black, large}, 2), Catch::Contains("3 x 2 and 200 x 100"));
  CHECK_THROWS_WITH(sheet({}, 2), Catch::Contains("no picture"));
}

}  // namespace heddle
