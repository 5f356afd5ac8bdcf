#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace heddle {

/// An IDX file: its type, the size of each axis, its contents.
inline std::string idx(const std::vector<std::uint32_t>& sizes, const std::string& contents, char type = 8) {
  std::string bytes{0, 0, type, static_cast<char>(sizes.size())};
  for (const std::uint32_t size : sizes) {
    for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(size >> static_cast<unsigned>(shift));
  }
  return bytes + contents;
}

/// The files of `count` images of 8 x 8 pixels in 4 classes: a bright quarter tells which, through noise.
struct Quarters {
  explicit Quarters(std::uint32_t count) {
    std::uint32_t state = 1;
    std::string pixels, classes;
    for (std::uint32_t image = 0; image < count; ++image) {
      const std::uint32_t is = image % 4;
      for (std::uint32_t i = 0; i < 64; ++i) {
        state = state * 1664525 + 1013904223;
        const std::uint32_t quarter = (i / 32) * 2 + i % 8 / 4;
        pixels += static_cast<char>((state >> 24U) / 2 + (quarter == is ? 60 : 0));
      }
      classes += static_cast<char>(is);
    }
    images = idx({count, 8, 8}, pixels);
    labels = idx({count}, classes);
  }
  std::string images, labels;
};

}  // namespace heddle
