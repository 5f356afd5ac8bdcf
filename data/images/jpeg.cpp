#include "data/images/jpeg.h"

#include <turbojpeg.h>

#include <memory>

#include "framework/check.h"

// libjpeg-turbo's own interface, TurboJPEG: it reports errors as a result, where libjpeg's would jump out of this code.

namespace heddle {

bool is_jpeg(std::string_view bytes) { return bytes.starts_with("\xff\xd8\xff"); }

Picture decode_jpeg(std::string_view bytes, const std::string& name) {
  ensure(is_jpeg(bytes), "images: ", name, " is no JPEG: it begins otherwise; mend it, or keep it out of the folder");
  const std::unique_ptr<void, decltype(&tjDestroy)> decoder(tjInitDecompress(), tjDestroy);
  ensure(decoder != nullptr, "images: ", name, " cannot be read (", tjGetErrorStr2(nullptr), ")");
  const auto check = [&](int result) {
    ensure(result == 0, "images: ", name, " is a damaged JPEG (", tjGetErrorStr2(decoder.get()),
           "); mend it, or keep it out of the folder");
  };
  const auto* const data = reinterpret_cast<const unsigned char*>(bytes.data());
  int width = 0, height = 0, subsampling = 0, space = 0;
  check(tjDecompressHeader3(decoder.get(), data, bytes.size(), &width, &height, &subsampling, &space));
  check_picture_size(height, width, bytes.size(), name);
  const bool grey = space == TJCS_GRAY, inks = space == TJCS_CMYK || space == TJCS_YCCK;
  Picture picture{grey ? 1 : 3, height, width, {}};
  picture.pixels.resize(static_cast<std::size_t>(index_t{height} * width * (inks ? 4 : picture.channels)));
  // what is cut off gives a warning alone, and a grey rest; few bytes may hold scans without end
  check(tjDecompress2(decoder.get(), data, bytes.size(), picture.pixels.data(), width, 0, height,
                      grey   ? TJPF_GRAY
                      : inks ? TJPF_CMYK
                             : TJPF_RGB,
                      TJFLAG_STOPONWARNING | TJFLAG_LIMITSCANS));
  if (!inks) return picture;
  std::size_t to = 0;
  for (std::size_t from = 0; from < picture.pixels.size(); from += 4) {
    const int black = picture.pixels[from + 3];
    for (std::size_t ink = 0; ink < 3; ++ink)
      picture.pixels[to++] = static_cast<std::uint8_t>((picture.pixels[from + ink] * black + 127) / 255);
  }
  picture.pixels.resize(to);
  return picture;
}

}  // namespace heddle
