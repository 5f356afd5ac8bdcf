#include "data/images/png.h"

#include "tests/data/images/hard_bytes.h"
#include "tests/data/images/png_file.h"

namespace heddle {
namespace {

using Bytes = std::vector<std::uint8_t>;

Picture decoded(const PngFile& file) { return decode_png(file.bytes(), "some.png"); }

std::string bytes_of(std::initializer_list<int> values) {
  std::string bytes;
  for (const int value : values) bytes += static_cast<char>(value);
  return bytes;
}

/// Samples that go through all values of so many bits.
std::string ramp(std::size_t count, int bits) {
  std::string samples;
  for (std::size_t i = 0; i < count; ++i)
    samples += static_cast<char>((i * 37 + 5) % (1U << static_cast<unsigned>(bits)));
  return samples;
}

PngFile small_colour() { return {5, 3, 8, 2, ramp(45, 8)}; }

}  // namespace

TEST_CASE("grey PNGs of 1, 2, 4, 8 and 16 bits are bytes from 0 for black to 255 for white") {
  const bool interlaced = GENERATE(false, true);
  const int depth = GENERATE(1, 2, 4, 8, 16);
  INFO(depth << " bits" << (interlaced ? ", interlaced" : ""));
  const std::size_t count = 11 * 9;
  PngFile file{11, 9, depth, 0, ramp(depth == 16 ? 2 * count : count, std::min(depth, 8))};
  file.interlaced = interlaced;
  const Picture picture = decoded(file);
  REQUIRE(picture.channels == 1);
  REQUIRE(picture.width == 11);
  REQUIRE(picture.height == 9);
  REQUIRE(picture.pixels.size() == count);
  for (std::size_t i = 0; i < count; ++i) {
    const auto byte = [&](std::size_t at) { return static_cast<int>(static_cast<unsigned char>(file.samples[at])); };
    const int wanted =
        depth == 16 ? (256 * byte(2 * i) + byte(2 * i + 1) + 128) / 257 : byte(i) * 255 / ((1 << depth) - 1);
    CHECK(static_cast<int>(picture.pixels[i]) == wanted);
  }
}

TEST_CASE("coloured PNGs, of 8 bits or 16, and palettes are red, green and blue") {
  const Picture colour = decoded(small_colour());
  CHECK(colour.channels == 3);
  CHECK(colour.height == 3);
  CHECK(colour.width == 5);
  const std::string samples = small_colour().samples;
  CHECK(colour.pixels == Bytes(samples.begin(), samples.end()));

  const Picture deep = decoded({1, 1, 16, 2, bytes_of({0x12, 0x34, 0xFF, 0xFF, 0x00, 0x10})});
  CHECK(deep.pixels == Bytes{0x12, 0xFF, 0});

  PngFile palette{3, 1, 2, 3, bytes_of({2, 0, 1})};
  palette.palette = bytes_of({10, 20, 30, 40, 50, 60, 70, 80, 90});
  CHECK(decoded(palette).channels == 3);
  CHECK(decoded(palette).pixels == Bytes{70, 80, 90, 10, 20, 30, 40, 50, 60});
}

TEST_CASE("what can be seen through lies on white") {
  // pixels that are seen whole, not at all, and by half
  const Picture grey = decoded({3, 1, 8, 4, bytes_of({77, 255, 77, 0, 77, 128})});
  REQUIRE(grey.channels == 1);
  CHECK(static_cast<int>(grey.pixels[0]) == 77);
  CHECK(static_cast<int>(grey.pixels[1]) == 255);
  CHECK(static_cast<int>(grey.pixels[2]) == (128 * 77 + 127 * 255 + 127) / 255);
  const Picture colour = decoded({2, 1, 8, 6, bytes_of({1, 2, 3, 255, 1, 2, 3, 0})});
  CHECK(colour.pixels == Bytes{1, 2, 3, 255, 255, 255});
  PngFile palette{2, 1, 8, 3, bytes_of({1, 0})};
  palette.palette = bytes_of({10, 20, 30, 40, 50, 60});
  palette.transparency = bytes_of({0});  // the first entry alone
  CHECK(decoded(palette).pixels == Bytes{40, 50, 60, 255, 255, 255});
  PngFile one{2, 1, 8, 0, bytes_of({9, 8})};
  one.transparency = bytes_of({0, 9});  // the grey that is not seen
  CHECK(decoded(one).channels == 1);
  CHECK(decoded(one).pixels == Bytes{255, 8});
}

TEST_CASE("a picture that was written as PNG is read as it was") {
  for (const index_t channels : {1, 3}) {
    const std::string samples = ramp(static_cast<std::size_t>(7 * 4 * channels), 8);
    const Picture picture{channels, 4, 7, Bytes(samples.begin(), samples.end())};
    const Picture read = decode_png(encode_png(picture), "written.png");
    CHECK(read.channels == channels);
    CHECK(read.height == 4);
    CHECK(read.width == 7);
    CHECK(read.pixels == picture.pixels);
  }
  CHECK_THROWS_WITH(encode_png({2, 1, 1, {1, 2}}), Catch::Contains("2 channels"));
}

TEST_CASE("PNGs that are cut off or damaged are refused in a line that names the file, or give a picture") {
  check_hard_bytes(small_colour().bytes(), decode_png);
  PngFile palette{6, 5, 4, 3, ramp(30, 2)};
  palette.palette = ramp(12, 8);
  palette.transparency = bytes_of({0, 100});
  palette.interlaced = true;
  check_hard_bytes(palette.bytes(), decode_png);
}

TEST_CASE("sizes that a PNG's header says are checked before they size anything") {
  const auto refused = [](std::uint32_t width, std::uint32_t height, const std::string& why) {
    PngFile file = small_colour();
    std::string bytes = file.bytes();
    std::string header = PngFile::number(width) + PngFile::number(height) + bytes.substr(24, 5);
    bytes.replace(8, 25, PngFile::chunk("IHDR", header));
    INFO(width << " x " << height);
    CHECK_THROWS_WITH(decode_png(bytes, "large.png"), Catch::Contains("large.png") && Catch::Contains(why));
  };
  refused(100000, 100000, "says that it has 100000 x 100000 pixels; is it damaged?");
  refused(16000, 16000, "which ");
  refused(16000, 16000, " bytes cannot hold");
  refused(0, 3, "damaged PNG");
  refused(0x7FFFFFFF, 0x7FFFFFFF, "damaged");
  refused(5, 4, "damaged PNG");  // a row more than there are
}

}  // namespace heddle
