#include "data/images/png.h"

#include <png.h>

#include <algorithm>
#include <csetjmp>
#include <cstring>

#include "framework/check.h"

namespace heddle {
namespace {

/// A PNG that is read from memory. libpng reports an error by jumping back to where setjmp was called, over frames
/// whose objects are not destroyed: between it and `run` lie libpng's own frames, and ours without such objects.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {
    png_ = png_create_read_struct(PNG_LIBPNG_VER_STRING, this, fail, [](png_structp, png_const_charp) {});
    info_ = png_ != nullptr ? png_create_info_struct(png_) : nullptr;
    ensure(info_ != nullptr, "images: libpng has no memory, or is of another version than its headers");
    png_set_read_fn(png_, this, read);
  }
  ~Reader() { png_destroy_read_struct(&png_, &info_, nullptr); }
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  /// Calls part(png, info), whose frame holds nothing to be destroyed; false where libpng met an error.
  template <class Part>
  bool run(const Part& part) {
    if (setjmp(png_jmpbuf(png_)) != 0) return false;
    part(png_, info_);
    return true;
  }
  const char* error() const { return error_; }

 private:
  [[noreturn]] static void fail(png_structp png, png_const_charp message) {
    char(&error)[sizeof(error_)] = static_cast<Reader*>(png_get_error_ptr(png))->error_;
    std::strncpy(error, message, sizeof(error) - 1);
    png_longjmp(png, 1);
  }
  static void read(png_structp png, png_bytep to, std::size_t count) {
    std::string_view& rest = static_cast<Reader*>(png_get_io_ptr(png))->bytes_;
    if (count > rest.size()) png_error(png, "it is cut off");
    std::copy_n(rest.data(), count, to);
    rest.remove_prefix(count);
  }

  std::string_view bytes_;
  png_structp png_;
  png_infop info_;
  char error_[100] = {};
};

/// Leaves the last channel out, how far a pixel hides the white behind it.
void lay_on_white(Picture& picture) {
  const auto channels = static_cast<std::size_t>(picture.channels);
  std::size_t to = 0;
  for (std::size_t from = 0; from < picture.pixels.size(); from += channels) {
    const int hides = picture.pixels[from + channels - 1];
    for (std::size_t c = 0; c + 1 < channels; ++c)
      picture.pixels[to++] =
          static_cast<std::uint8_t>((hides * picture.pixels[from + c] + (255 - hides) * 255 + 127) / 255);
  }
  picture.pixels.resize(to);
  --picture.channels;
}

}  // namespace

bool is_png(std::string_view bytes) { return bytes.starts_with("\x89PNG\r\n\x1a\n"); }

Picture decode_png(std::string_view bytes, const std::string& name) {
  ensure(is_png(bytes), "images: ", name, " is no PNG: it begins otherwise; mend it, or keep it out of the folder");
  Reader reader(bytes);
  const auto check = [&](bool read) {
    ensure(read, "images: ", name, " is a damaged PNG (", reader.error(), "); mend it, or keep it out of the folder");
  };
  Picture picture;
  int passes = 0;
  check(reader.run([&](png_structp png, png_infop info) {
    png_read_info(png, info);
    png_set_expand(png);    // palettes, bits and one colour to be seen through become bytes of each channel
    png_set_scale_16(png);  // and 16 bits 8
    passes = png_set_interlace_handling(png);
    png_read_update_info(png, info);
    picture.channels = png_get_channels(png, info);
    picture.height = png_get_image_height(png, info);
    picture.width = png_get_image_width(png, info);
  }));
  check_picture_size(picture.height, picture.width, bytes.size(), name);
  picture.pixels.resize(static_cast<std::size_t>(picture.channels * picture.height * picture.width));
  check(reader.run([&](png_structp png, png_infop info) {
    for (int pass = 0; pass < passes; ++pass) {
      for (index_t y = 0; y < picture.height; ++y)
        png_read_row(png, picture.pixels.data() + y * picture.width * picture.channels, nullptr);
    }
    png_read_end(png, info);
  }));
  if (picture.channels % 2 == 0) lay_on_white(picture);
  return picture;
}

std::string encode_png(const Picture& picture) {
  ensure(picture.channels == 1 || picture.channels == 3, "images: a picture of ", picture.channels,
         " channels is neither grey nor coloured, and cannot be written as PNG");
  png_image image{};  // libpng's simplified interface, which reports errors as a result
  image.version = PNG_IMAGE_VERSION;
  image.height = static_cast<png_uint_32>(picture.height);
  image.width = static_cast<png_uint_32>(picture.width);
  image.format = picture.channels == 1 ? PNG_FORMAT_GRAY : PNG_FORMAT_RGB;
  std::string bytes(PNG_IMAGE_PNG_SIZE_MAX(image), '\0');
  png_alloc_size_t size = bytes.size();
  const int written = png_image_write_to_memory(&image, bytes.data(), &size, 0, picture.pixels.data(), 0, nullptr);
  png_image_free(&image);
  ensure(written != 0, "images: a picture cannot be written as PNG (", image.message, ")");
  bytes.resize(size);
  return bytes;
}

}  // namespace heddle
