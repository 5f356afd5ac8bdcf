#include "data/io/utf8.h"

#include <utf8proc.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <vector>

namespace heddle {

namespace {

CharClass class_by_category(char32_t value) {
  // the control characters that are white space have a category of their own
  if ((value >= 9 && value <= 13) || value == 0x85) return CharClass::space;
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

}  // namespace

CharClass char_class(char32_t value) {
  static const auto plane = [] {  // of the characters that texts are made of, almost all
    std::vector<CharClass> classes(0x10000);
    for (char32_t c = 0; c < classes.size(); ++c) classes[c] = class_by_category(c);
    return classes;
  }();
  return value < plane.size() ? plane[value] : class_by_category(value);
}

bool is_mark(char32_t value) {
  switch (utf8proc_category(static_cast<utf8proc_int32_t>(value))) {
    case UTF8PROC_CATEGORY_MN:
    case UTF8PROC_CATEGORY_MC:
    case UTF8PROC_CATEGORY_ME: return true;
    default: return false;
  }
}

bool is_word_character(char32_t value) {
  const CharClass kind = char_class(value);
  if (kind != CharClass::other) return kind != CharClass::space;
  return is_mark(value) || utf8proc_category(static_cast<utf8proc_int32_t>(value)) == UTF8PROC_CATEGORY_PC;
}

std::string encode_utf8(char32_t value) {
  std::array<utf8proc_uint8_t, 4> bytes{};
  const auto length = utf8proc_encode_char(static_cast<utf8proc_int32_t>(value), bytes.data());
  return {reinterpret_cast<const char*>(bytes.data()), static_cast<std::size_t>(length)};
}

void append_lower_case(std::string& text, char32_t value) {
  if (value < 0x80) {
    text += static_cast<char>(value >= U'A' && value <= U'Z' ? value + 32 : value);
  } else {
    text += encode_utf8(static_cast<char32_t>(utf8proc_tolower(static_cast<utf8proc_int32_t>(value))));
  }
}

std::string lower_case(std::string_view text) {
  std::string lower;
  while (!text.empty()) {
    const CodePoint c = decode_utf8(text);
    c.length > 0 ? append_lower_case(lower, c.value) : lower.push_back(text[0]);
    text.remove_prefix(std::max<std::size_t>(c.length, 1));
  }
  return lower;
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

std::string visible(std::string_view bytes) {
  const auto numbered = [](const char* form, char32_t value) {
    std::array<char, 16> text{};
    std::snprintf(text.data(), text.size(), form, static_cast<unsigned>(value));
    return std::string(text.data());
  };
  const auto starts_printed = [](std::string_view rest) {
    const CodePoint c = decode_utf8(rest);
    return c.length > 0 && c.value != U' ' && is_printable(c.value) && !is_mark(c.value);
  };
  std::string text;
  bool carries = false;  // what stands before is printed as itself, and so are marks on it
  for (std::size_t at = 0; at < bytes.size();) {
    const CodePoint c = decode_utf8(bytes.substr(at));
    const bool joins = is_joiner(c.value) && starts_printed(bytes.substr(at + c.length));
    carries = starts_printed(bytes.substr(at)) || (carries && c.length > 0 && (joins || is_mark(c.value)));
    text += c.length == 0      ? numbered("\\x%02X", static_cast<unsigned char>(bytes[at]))
            : c.value == U' '  ? "·"
            : c.value == U'\n' ? "\\n"
            : c.value == U'\r' ? "\\r"
            : c.value == U'\t' ? "\\t"
            : carries          ? std::string(bytes.substr(at, c.length))
                               : numbered("\\u{%X}", c.value);
    at += std::max<std::size_t>(c.length, 1);
  }
  return text;
}

std::string visible_start(std::string_view bytes, std::size_t most) {
  if (bytes.size() <= most) return visible(bytes);
  std::size_t end = 0;
  for (std::size_t next = 0; next <= most; next += std::max<std::size_t>(decode_utf8(bytes.substr(next)).length, 1))
    end = next;
  return visible(bytes.substr(0, end)) + "...";
}

std::string one_line(std::string_view bytes) {
  std::string out;
  for (std::size_t at = 0; at <= bytes.size();) {
    const std::size_t blank = std::min(bytes.find(' ', at), bytes.size());
    out += visible(bytes.substr(at, blank - at));
    if (blank < bytes.size()) out += ' ';
    at = blank + 1;
  }
  return out;
}

std::string describe(char32_t value) {
  std::array<char, 16> number{};
  std::snprintf(number.data(), number.size(), "U+%04X", static_cast<unsigned>(value));
  return is_printable(value) ? '\'' + encode_utf8(value) + "' (" + number.data() + ')' : number.data();
}

}  // namespace heddle
