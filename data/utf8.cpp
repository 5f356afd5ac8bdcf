#include "data/utf8.h"

#include <utf8proc.h>

#include <algorithm>
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

CharClass char_class(char32_t value) {
  static const auto ascii = [] {
    std::array<CharClass, 128> classes{};
    for (char32_t c = 0; c < classes.size(); ++c) {
      const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
      classes[c] = letter                            ? CharClass::letter
                   : c >= '0' && c <= '9'            ? CharClass::number
                   : c == ' ' || (c >= 9 && c <= 13) ? CharClass::space
                                                     : CharClass::other;
    }
    return classes;
  }();
  if (value < ascii.size()) return ascii[value];
  if (value == 0x85) return CharClass::space;  // the one control character beyond ASCII that is white space
  switch (utf8proc_category(static_cast<utf8proc_int32_t>(value))) {
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO: return CharClass::letter;
    case UTF8PROC_CATEGORY_ND:
    case UTF8PROC_CATEGORY_NL:
    case UTF8PROC_CATEGORY_NO: return CharClass::number;
    case UTF8PROC_CATEGORY_ZS:
    case UTF8PROC_CATEGORY_ZL:
    case UTF8PROC_CATEGORY_ZP: return CharClass::space;
    default: return CharClass::other;
  }
}

bool is_word_character(char32_t value) {
  const CharClass kind = char_class(value);
  if (kind != CharClass::other) return kind != CharClass::space;
  switch (utf8proc_category(static_cast<utf8proc_int32_t>(value))) {
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_MC:
    case UTF8PROC_CATEGORY_ME:
    case UTF8PROC_CATEGORY_PC: return true;
    default: return false;
  }
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

bool is_printable(char32_t value) { return utf8proc_charwidth(static_cast<utf8proc_int32_t>(value)) > 0; }

std::size_t display_width(std::string_view text) {
  std::size_t width = 0;
  while (!text.empty()) {
    const CodePoint c = decode_utf8(text);
    const int columns = c.length == 0 ? 1 : utf8proc_charwidth(static_cast<utf8proc_int32_t>(c.value));
    width += static_cast<std::size_t>(std::max(columns, 0));
    text.remove_prefix(std::max<std::size_t>(c.length, 1));
  }
  return width;
}

std::string describe(char32_t value) {
  std::array<char, 16> number{};
  std::snprintf(number.data(), number.size(), "U+%04X", static_cast<unsigned>(value));
  return is_printable(value) ? '\'' + encode_utf8(value) + "' (" + number.data() + ')' : number.data();
}

}  // namespace heddle
