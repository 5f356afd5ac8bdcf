#include "data/images/picture.h"

#include <algorithm>
#include <cmath>
#include <span>

#include "framework/check.h"

namespace heddle {
namespace {

/// What a resized row is made of: each new pixel is a sum over some old ones, from `first` on.
struct Taps {
  index_t first;
  std::vector<double> weights;
};

std::vector<Taps> taps_of(index_t from, index_t to) {
  const double scale = static_cast<double>(from) / static_cast<double>(to), reach = std::max(1.0, scale);
  std::vector<Taps> all;
  for (index_t i = 0; i < to; ++i) {
    const double middle = (static_cast<double>(i) + 0.5) * scale;
    const index_t first = std::max<index_t>(0, static_cast<index_t>(std::floor(middle - reach)));
    const index_t end = std::min(from, static_cast<index_t>(std::ceil(middle + reach)));
    Taps taps{first, {}};
    double sum = 0;
    for (index_t j = first; j < end; ++j) {
      taps.weights.push_back(std::max(0.0, 1 - std::abs(static_cast<double>(j) + 0.5 - middle) / reach));
      sum += taps.weights.back();
    }
    for (double& weight : taps.weights) weight /= sum;
    all.push_back(std::move(taps));
  }
  return all;
}

}  // namespace

void check_picture_size(index_t height, index_t width, std::size_t bytes, const std::string& name) {
  // Deflate packs at most 1,032 bytes into one, and one may hold eight pixels; JPEG takes more for as many.
  constexpr index_t kPixelsAByte = 8 * 1032, kMost = index_t{1} << 28;
  ensure(height > 0 && width > 0 && height <= kMost / width, "images: ", name, " says that it has ", width, " x ",
         height, " pixels; is it damaged?");
  ensure(height * width / kPixelsAByte <= static_cast<index_t>(bytes), "images: ", name, " says that it has ", width,
         " x ", height, " pixels, which ", bytes, " bytes cannot hold; is it cut off or damaged?");
}

Picture picture_of_planes(std::string_view bytes, index_t channels, index_t height, index_t width) {
  Picture picture{channels, height, width, {}};
  const auto area = static_cast<std::size_t>(height * width), count = static_cast<std::size_t>(channels);
  picture.pixels.resize(area * count);
  for (std::size_t channel = 0; channel < count; ++channel) {
    for (std::size_t i = 0; i < area; ++i)
      picture.pixels[i * count + channel] = static_cast<std::uint8_t>(bytes[channel * area + i]);
  }
  return picture;
}

Picture with_channels(Picture picture, index_t channels) {
  if (picture.channels == channels) return picture;
  ensure((picture.channels == 1 && channels == 3) || (picture.channels == 3 && channels == 1), "images: pictures of ",
         picture.channels, " channels cannot be made ones of ", channels, "; set data.channels = auto");
  Picture made{channels, picture.height, picture.width, {}};
  made.pixels.reserve(static_cast<std::size_t>(channels * picture.height * picture.width));
  if (channels == 3) {
    for (const std::uint8_t grey : picture.pixels) made.pixels.insert(made.pixels.end(), 3, grey);
    return made;
  }
  for (std::size_t i = 0; i < picture.pixels.size(); i += 3) {
    const int red = picture.pixels[i], green = picture.pixels[i + 1], blue = picture.pixels[i + 2];
    made.pixels.push_back(static_cast<std::uint8_t>((299 * red + 587 * green + 114 * blue + 500) / 1000));
  }
  return made;
}

Picture square(const Picture& picture, index_t size) {
  const index_t side = std::min(picture.height, picture.width), channels = picture.channels;
  const index_t top = (picture.height - side) / 2, left = (picture.width - side) / 2;
  const std::vector<Taps> taps = taps_of(side, size);
  std::vector<double> narrow(static_cast<std::size_t>(side * size * channels));  // each row of the square, resized
  for (index_t y = 0; y < side; ++y) {
    const std::uint8_t* const row = picture.pixels.data() + ((top + y) * picture.width + left) * channels;
    double* to = narrow.data() + y * size * channels;
    for (const auto& [first, weights] : taps) {
      for (index_t c = 0; c < channels; ++c) {
        double sum = 0;
        for (std::size_t j = 0; j < weights.size(); ++j)
          sum += weights[j] * row[(first + static_cast<index_t>(j)) * channels + c];
        *to++ = sum;
      }
    }
  }
  Picture made{channels, size, size, {}};
  made.pixels.reserve(static_cast<std::size_t>(size * size * channels));
  for (const auto& [first, weights] : taps) {
    for (index_t i = 0; i < size * channels; ++i) {
      double sum = 0;
      for (std::size_t j = 0; j < weights.size(); ++j)
        sum += weights[j] * narrow[static_cast<std::size_t>((first + static_cast<index_t>(j)) * size * channels + i)];
      made.pixels.push_back(static_cast<std::uint8_t>(std::lround(sum)));
    }
  }
  return made;
}

Picture sheet(const std::vector<Picture>& pictures, index_t columns) {
  constexpr index_t kGap = 2, kTile = 84;  // pixels between pictures; those that a small one is enlarged to, or fewer
  constexpr std::uint8_t kGround = 128;    // a grey that neither black nor white pictures melt into
  ensure(!pictures.empty() && columns > 0, "sheet: there is no picture to show");
  const index_t height = pictures[0].height, width = pictures[0].width;
  const index_t times = std::max<index_t>(1, kTile / std::max(height, width));
  const bool colour = std::any_of(pictures.begin(), pictures.end(), [](const Picture& p) { return p.channels != 1; });
  const index_t rows = (std::ssize(pictures) + columns - 1) / columns;
  Picture all{colour ? 3 : 1, rows * (times * height + kGap) + kGap, columns * (times * width + kGap) + kGap, {}};
  all.pixels.resize(static_cast<std::size_t>(all.channels * all.height * all.width), kGround);
  for (index_t i = 0; i < std::ssize(pictures); ++i) {
    const Picture& one = pictures[static_cast<std::size_t>(i)];
    ensure(one.height == height && one.width == width, "sheet: pictures of ", width, " x ", height, " and ", one.width,
           " x ", one.height, " do not fit side by side");
    const Picture shown = with_channels(one, all.channels);
    const index_t top = kGap + i / columns * (times * height + kGap),
                  left = kGap + i % columns * (times * width + kGap);
    for (index_t y = 0; y < times * height; ++y) {
      for (index_t x = 0; x < times * width; ++x) {
        const std::uint8_t* const from = shown.pixels.data() + (y / times * width + x / times) * all.channels;
        std::copy_n(from, all.channels, all.pixels.data() + ((top + y) * all.width + left + x) * all.channels);
      }
    }
  }
  return all;
}

}  // namespace heddle
