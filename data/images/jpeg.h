#pragma once

#include <string>
#include <string_view>

#include "data/images/picture.h"

namespace heddle {

/// Whether bytes begin as a JPEG file does (ITU-T T.81).
bool is_jpeg(std::string_view bytes);

/// The picture in a JPEG file, baseline or progressive: grey where the file has one component, else in colour. Inks
/// (CMYK, YCCK) become colours as Adobe's programs write them: red = cyan * black, both as shares of light that they
/// let through. Which way up a camera was held is not looked at. `name` is the file's. Errors: what is cut off or
/// damaged, sizes that the file cannot hold.
Picture decode_jpeg(std::string_view bytes, const std::string& name);

}  // namespace heddle
