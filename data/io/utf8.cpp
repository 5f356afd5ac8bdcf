#include "data/io/utf8.h"

#include <utf8proc.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <vector>

#include "framework/check.h"

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

bool is_word_of_regex(char32_t value) {
  const bool circled = (value >= 0x24B6 && value <= 0x24E9) || (value >= 0x1F130 && value <= 0x1F149) ||
                       (value >= 0x1F150 && value <= 0x1F169) || (value >= 0x1F170 && value <= 0x1F189);
  const bool joiner = value == 0x200C || value == 0x200D;
  const bool other_number = utf8proc_category(static_cast<utf8proc_int32_t>(value)) == UTF8PROC_CATEGORY_NO;
  return circled || joiner || (is_word_character(value) && !other_number);
}

std::size_t count_code_points(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

CodePoint last_code_point(std::string_view text) {
  for (std::size_t length = 1; length <= std::min<std::size_t>(4, text.size()); ++length) {
    const CodePoint c = decode_utf8(text.substr(text.size() - length));
    if (c.length == length) return c;
  }
  return {};
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

namespace {

/// Whether form C never joins it to what stands before it.
bool begins_form_c(char32_t value) {
  const bool inner_jamo = value >= 0x1160 && value < 0x1200;  // vowels and last consonants of Hangul
  return value < 0x300 || (!inner_jamo && !is_mark(value));
}

/// Whether a code point is more than one in form D, or another.
bool falls_apart(char32_t value) {
  const utf8proc_property_t& property = *utf8proc_get_property(static_cast<utf8proc_int32_t>(value));
  return property.decomp_seqindex != UINT16_MAX && property.decomp_type == 0;
}

std::string composed(std::string_view text) {
  utf8proc_uint8_t* made = nullptr;
  const utf8proc_ssize_t size = utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(text.data()), std::ssize(text),
                                             &made, static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE));
  const std::unique_ptr<utf8proc_uint8_t, void (*)(void*)> owner(made, std::free);
  ensure(size >= 0, "bringing text to form C: ", utf8proc_errmsg(size));
  return {reinterpret_cast<const char*>(made), static_cast<std::size_t>(size)};
}

}  // namespace

bool is_form_c(char32_t value) { return begins_form_c(value) && (value < 0x300 || !falls_apart(value)); }

bool is_form_c(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint c = decode_utf8(text.substr(at));
    if (!is_form_c(c.value)) return false;
    at += std::max<std::size_t>(c.length, 1);
  }
  return true;
}

std::string nfc(std::string_view text, std::vector<std::size_t>* places) {
  std::string out;
  out.reserve(text.size());
  if (places != nullptr) places->clear();
  std::size_t kept = 0;  // text from there on stays as it is
  const auto keep_until = [&](std::size_t end) {
    for (std::size_t i = kept; places != nullptr && i < end; ++i) places->push_back(i);
    out += text.substr(kept, end - kept);
  };
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint first = decode_utf8(text.substr(at));
    std::size_t end = at + std::max<std::size_t>(first.length, 1);
    for (CodePoint c; first.length > 0 && !begins_form_c((c = decode_utf8(text.substr(end))).value);) end += c.length;
    const bool alone = end == at + first.length && is_form_c(first.value);
    if (first.length > 0 && !alone) {
      keep_until(at);
      out += composed(text.substr(at, end - at));
      if (places != nullptr) places->resize(out.size(), at);
      kept = end;
    }
    at = end;
  }
  keep_until(text.size());
  return out;
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

namespace {

/// As visible, but for characters of `kept`, which stay as they are.
std::string visible_but(std::string_view bytes, std::string_view kept) {
  std::string out;
  for (std::size_t at = 0; at <= bytes.size();) {
    const std::size_t next = std::min(bytes.find_first_of(kept, at), bytes.size());
    out += visible(bytes.substr(at, next - at));
    out += bytes.substr(next, 1);
    at = next + 1;
  }
  return out;
}

}  // namespace

std::string one_line(std::string_view bytes) { return visible_but(bytes, " "); }
std::string readable(std::string_view bytes) { return visible_but(bytes, " \t\n"); }

std::string describe(char32_t value) {
  std::array<char, 16> number{};
  std::snprintf(number.data(), number.size(), "U+%04X", static_cast<unsigned>(value));
  return is_printable(value) ? '\'' + encode_utf8(value) + "' (" + number.data() + ')' : number.data();
}

}  // namespace heddle
