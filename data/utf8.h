#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace heddle {

/// The code point at the start of `text`, and how many bytes it takes; length 0 if they are not UTF-8 (overlong forms,
/// surrogates and values above U+10FFFF are not) or if `text` is empty.
struct CodePoint {
  char32_t value = 0;
  std::size_t length = 0;
};
CodePoint decode_utf8(std::string_view text);

/// What pre-splitting tells apart: Unicode's categories L and N, its White_Space property, and the rest.
enum class CharClass : std::uint8_t { letter, number, space, other };
CharClass char_class(char32_t value);
/// Whether it belongs to a word: Unicode's categories L, M, N and Pc (the underscore and its kin).
bool is_word_character(char32_t value);

/// A code point's bytes.
std::string encode_utf8(char32_t value);

/// Place of the first byte that is not UTF-8; npos if all are.
std::size_t find_invalid_utf8(std::string_view text);

/// Whether it shows as a character of its own.
bool is_printable(char32_t value);
/// Columns that `text` takes on a terminal.
std::size_t display_width(std::string_view text);

/// A character as a message shows it: itself in quotes where it can be printed, and its number: 'x' (U+0078).
std::string describe(char32_t value);

}  // namespace heddle
