#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "data/split.h"
#include "framework/parallel.h"

namespace heddle {

/// A picture: a byte a pixel and channel, row by row from the top; the channels of a pixel stand beside each other: one
/// is grey, three are red, green and blue.
struct Picture {
  index_t channels = 0, height = 0, width = 0;
  std::vector<std::uint8_t> pixels;
};

/// A dataset whose examples can be looked at derives from it, too.
class Pictures {
 public:
  virtual ~Pictures() = default;
  virtual Picture picture(Split split, index_t example) const = 0;
  /// The file that an example was read from, and its number there where there are several.
  virtual std::string source(Split split, index_t example) const = 0;
};

/// Errors: sizes of a packed picture that are none, or that its `bytes` cannot hold; `name` is the file's.
void check_picture_size(index_t height, index_t width, std::size_t bytes, const std::string& name);

/// A picture whose channels lie one after another.
Picture picture_of_planes(std::string_view bytes, index_t channels, index_t height, index_t width);
/// Grey as three equal channels; colours as their luma, 0.299 red + 0.587 green + 0.114 blue (ITU-R BT.601).
/// Errors: from or to other numbers of channels than 1 and 3, unless they are the same.
Picture with_channels(Picture picture, index_t channels);
/// The largest square in the middle, resized to `size` x `size` pixels: each is a mean of those around its place,
/// weighted by a triangle that is as wide, either way, as one new pixel or one old one, whichever is more (bilinear
/// interpolation, which looks at every pixel where it makes a picture smaller).
Picture square(const Picture& picture, index_t size);
/// Pictures of one size side by side, row by row in `columns`, small ones enlarged; coloured if one of them is. Errors:
/// none, several sizes.
Picture sheet(const std::vector<Picture>& pictures, index_t columns);

}  // namespace heddle
