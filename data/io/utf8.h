#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace heddle {

/// The code point at the start of `text`, and how many bytes it takes; length 0 if they are not UTF-8 (overlong forms,
/// surrogates and values above U+10FFFF are not) or if `text` is empty.
struct CodePoint {
  char32_t value = 0;
  std::size_t length = 0;
};
inline CodePoint decode_utf8(std::string_view text) {
  const auto byte = [text](std::size_t i) { return static_cast<char32_t>(static_cast<unsigned char>(text[i])); };
  if (text.empty()) return {};
  const char32_t first = byte(0);
  if (first < 0x80) return {first, 1};
  // of a longer one the first byte says the length, and with it the least value that needs so many
  const std::size_t length = first < 0xC2 ? 0 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : first < 0xF5 ? 4 : 0;
  if (length == 0 || text.size() < length) return {};
  char32_t value = first & (0x7FU >> length);
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0U) != 0x80U) return {};
    value = value << 6U | (byte(i) & 0x3FU);
  }
  constexpr char32_t kLeast[] = {0x80, 0x800, 0x10000};
  if (value < kLeast[length - 2] || value > 0x10FFFF || (value >= 0xD800 && value < 0xE000)) return {};
  return {value, length};
}

/// The same of the code point at the end of `text`.
CodePoint last_code_point(std::string_view text);

/// How many code points begin in `text`.
std::size_t count_code_points(std::string_view text);

/// What pre-splitting tells apart: Unicode's categories L and N, its White_Space property, and the rest.
enum class CharClass : std::uint8_t { letter, number, space, other };
CharClass char_class(char32_t value);
/// Whether it is written onto the character before it, as accents and vowel signs are: Unicode's category M.
bool is_mark(char32_t value);
/// Whether it says how the letters to both sides are written together: the zero width joiner and non-joiner, which
/// words of Persian, Hindi and their kin hold.
inline bool is_joiner(char32_t value) { return value == 0x200C || value == 0x200D; }
/// Whether it belongs to a word: Unicode's categories L, M, N and Pc (the underscore and its kin).
bool is_word_character(char32_t value);
/// Whether it is \w of regular expressions (Unicode Technical Standard 18, annex C): letters, marks, decimal digits and
/// numbers that are letters, Pc, letters in circles, and the two invisible joiners.
bool is_word_of_regex(char32_t value);

/// A code point's bytes.
std::string encode_utf8(char32_t value);
/// Appends a code point in lower case, by Unicode's simple mapping.
void append_lower_case(std::string& text, char32_t value);
/// The text in lower case, by the same; bytes that are not UTF-8 stay.
std::string lower_case(std::string_view text);

/// The text in Unicode's normalization form C, in which é is one code point and not e with a mark; bytes that are not
/// UTF-8 stay. `places` gets, for each of its bytes, the byte of `text` at which what made it begins.
std::string nfc(std::string_view text, std::vector<std::size_t>* places = nullptr);
/// Whether it is the same in form C, whatever stands before it; what follows may still join it.
bool is_form_c(char32_t value);
/// Whether all of a text's code points are such; then `nfc` changes nothing.
bool is_form_c(std::string_view text);

/// Place of the first byte that is not UTF-8; npos if all are.
std::size_t find_invalid_utf8(std::string_view text);

/// Whether it shows as a character of its own.
bool is_printable(char32_t value);
/// Columns that `text` takes on a terminal.
std::size_t display_width(std::string_view text);

/// Bytes as a person reads them: a space is a middle dot, a line's end \n, what cannot be printed its number. Marks are
/// themselves where they follow what is printed, and joiners between two such.
std::string visible(std::string_view bytes);
/// The same of at most `most` bytes, and whole characters; dots stand for what is left out.
std::string visible_start(std::string_view bytes, std::size_t most = 40);
/// The same, but spaces stay.
std::string one_line(std::string_view bytes);
/// The same, but spaces, tabs and line ends stay: what a terminal can show and a log can hold.
std::string readable(std::string_view bytes);

/// A character as a message shows it: itself in quotes where it can be printed, and its number: 'x' (U+0078).
std::string describe(char32_t value);

}  // namespace heddle
