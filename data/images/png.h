#pragma once

#include <string>
#include <string_view>

#include "data/images/picture.h"

namespace heddle {

/// Whether bytes begin as a PNG file does (ISO/IEC 15948).
bool is_png(std::string_view bytes);

/// The picture in a PNG file of any kind: grey where the file has no colours, else in colour (a palette is one). Places
/// that can be seen through lie on white; 16 bits are rounded to 8. `name` is the file's. Errors: what is cut off or
/// damaged, sizes that the file cannot hold.
Picture decode_png(std::string_view bytes, const std::string& name);
/// Errors: neither one channel nor three.
std::string encode_png(const Picture& picture);

}  // namespace heddle
