#include "data/utf8.h"

#include <utf8proc.h>

#include <array>
#include <cstdio>

namespace heddle {

CodePoint decode_utf8(std::string_view text) {
  if (!text.empty() && static_cast<unsigned char>(text[0]) < 0x80) return {static_cast<char32_t>(text[0]), 1};
  utf8proc_int32_t value = 0;
  const auto* bytes = reinterpret_cast<const utf8proc_uint8_t*>(text.data());
  const auto length = utf8proc_iterate(bytes, static_cast<utf8proc_ssize_t>(text.size() < 4 ? text.size() : 4), &value);
  if (length <= 0) return {};
  return {static_cast<char32_t>(value), static_cast<std::size_t>(length)};
}

std::string encode_utf8(char32_t value) {
  std::array<utf8proc_uint8_t, 4> bytes{};
  const auto length = utf8proc_encode_char(static_cast<utf8proc_int32_t>(value), bytes.data());
  return {reinterpret_cast<const char*>(bytes.data()), static_cast<std::size_t>(length)};
}

std::size_t find_invalid_utf8(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t length = decode_utf8(text.substr(at)).length;
    if (length == 0) return at;
    at += length;
  }
  return std::string_view::npos;
}

std::string describe(char32_t value) {
  std::array<char, 16> number{};
  std::snprintf(number.data(), number.size(), "U+%04X", static_cast<unsigned>(value));
  const bool printable = utf8proc_charwidth(static_cast<utf8proc_int32_t>(value)) > 0;
  return printable ? '\'' + encode_utf8(value) + "' (" + number.data() + ')' : number.data();
}

}  // namespace heddle
