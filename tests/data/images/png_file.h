#pragma once

#include <string>
#include <vector>

#include "tests/packed.h"

namespace heddle {

/// A PNG file of any kind, put together from its parts (ISO/IEC 15948).
struct PngFile {
  std::uint32_t width = 0, height = 0;
  int depth = 8;               ///< bits of a sample
  int colour = 0;              ///< 0 grey, 2 red, green and blue, 3 palette, 4 grey and alpha, 6 all four
  std::string samples{};       ///< row by row; those of 16 bits with the higher byte first, smaller ones a byte each
  std::string palette{};       ///< three bytes an entry
  std::string transparency{};  ///< what tRNS holds
  bool interlaced = false;

  int channels() const { return colour == 2 ? 3 : colour == 4 ? 2 : colour == 6 ? 4 : 1; }

  static std::string number(std::uint32_t value) {
    std::string bytes;
    for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(value >> static_cast<unsigned>(shift));
    return bytes;
  }
  static std::string chunk(const std::string& type, const std::string& contents) {
    return number(static_cast<std::uint32_t>(contents.size())) + type + contents + number(crc_of(type + contents));
  }

  /// The rows of every `right`-th pixel of every `down`-th row, unfiltered, samples packed into bytes.
  std::string rows(std::uint32_t top, std::uint32_t left, std::uint32_t down, std::uint32_t right) const {
    std::string all;
    const std::uint32_t bytes = static_cast<std::uint32_t>(channels()) * (depth == 16 ? 2 : 1);
    for (std::uint32_t y = top; y < height; y += down) {
      if (left >= width) break;
      all += '\0';
      unsigned packed = 0;
      int bits = 0;
      for (std::uint32_t x = left; x < width; x += right) {
        const std::string pixel = samples.substr((y * width + x) * bytes, bytes);
        if (depth >= 8) {
          all += pixel;
          continue;
        }
        packed = packed << static_cast<unsigned>(depth) | static_cast<unsigned char>(pixel[0]);
        bits += depth;
        if (bits == 8) all += static_cast<char>(packed);
        if (bits == 8) packed = 0, bits = 0;
      }
      if (bits > 0) all += static_cast<char>(packed << static_cast<unsigned>(8 - bits));
    }
    return all;
  }

  std::string bytes() const {
    std::string pixels;
    if (interlaced) {  // Adam7's passes
      pixels = rows(0, 0, 8, 8) + rows(0, 4, 8, 8) + rows(4, 0, 8, 4) + rows(0, 2, 4, 4) + rows(2, 0, 4, 2) +
               rows(0, 1, 2, 2) + rows(1, 0, 2, 1);
    } else {
      pixels = rows(0, 0, 1, 1);
    }
    std::string header = number(width) + number(height);
    for (const int value : {depth, colour, 0, 0, interlaced ? 1 : 0}) header += static_cast<char>(value);
    return "\x89PNG\r\n\x1a\n" + chunk("IHDR", header) + (palette.empty() ? "" : chunk("PLTE", palette)) +
           (transparency.empty() ? "" : chunk("tRNS", transparency)) + chunk("IDAT", deflated(pixels)) +
           chunk("IEND", "");
  }
};

}  // namespace heddle
