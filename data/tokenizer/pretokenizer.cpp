#include "data/tokenizer/pretokenizer.h"

#include <algorithm>

#include "data/io/utf8.h"
#include "framework/check.h"

namespace heddle {
namespace {

struct Name {
  const char* name;
  Pattern pattern;
  const char* regex;
};
constexpr Name kNames[] = {
    {"gpt2", Pattern::gpt2, R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)"},
    {"cl100k", Pattern::cl100k,
     R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)"},
    {"whitespace", Pattern::whitespace, R"( ?\S+|\s+(?!\S)|\s+)"},
    {"none", Pattern::none, ""},
};

/// The character at `at`: its class and length; at the text's end a length of 0.
struct Character {
  CharClass kind = CharClass::space;
  std::size_t length = 0;
};
Character character(std::string_view text, std::size_t at) {
  if (at >= text.size()) return {};
  const CodePoint c = decode_utf8(text.substr(at));
  if (c.length == 0) return {CharClass::other, 1};
  return {char_class(c.value), c.length};
}

/// Where the characters from `at` on for which `belongs` holds end.
template <class Belongs>
std::size_t run_end(std::string_view text, std::size_t at, const Belongs& belongs) {
  for (Character c = character(text, at); c.length > 0 && belongs(c.kind); c = character(text, at)) at += c.length;
  return at;
}
std::size_t run_end(std::string_view text, std::size_t at, CharClass kind) {
  return run_end(text, at, [kind](CharClass k) { return k == kind; });
}

/// White space from 0 on, but for its last character where something follows: \s+(?!\S)|\s+
std::size_t space_piece(std::string_view text) {
  std::size_t end = 0, last = 0;
  for (Character c = character(text, 0); c.length > 0 && c.kind == CharClass::space; c = character(text, end)) {
    last = end;
    end += c.length;
  }
  return end == text.size() || last == 0 ? end : last;
}

/// Length of an English contraction's end at the start of `text`, which begins with an apostrophe; 0 if it is none.
std::size_t contraction(std::string_view text, bool any_case) {
  const auto is = [&](std::size_t at, char wanted) {
    return at < text.size() &&
           (any_case && text[at] >= 'A' && text[at] <= 'Z' ? text[at] - 'A' + 'a' : text[at]) == wanted;
  };
  for (const char one : {'s', 't', 'm', 'd'}) {
    if (is(1, one)) return 2;
  }
  if ((is(1, 'r') && is(2, 'e')) || (is(1, 'v') && is(2, 'e')) || (is(1, 'l') && is(2, 'l'))) return 3;
  if (any_case && text.substr(1).starts_with("\u017F")) return 3;  // the long s, which is an s without case
  return 0;
}

std::size_t gpt2_piece(std::string_view text) {
  if (text[0] == '\'') {
    if (const std::size_t length = contraction(text, false); length > 0) return length;
  }
  const std::size_t begin = text[0] == ' ' ? 1 : 0;
  const Character c = character(text, begin);
  if (c.length == 0 || c.kind == CharClass::space) return space_piece(text);
  return run_end(text, begin + c.length, c.kind);
}

bool is_newline(char c) { return c == '\r' || c == '\n'; }

std::size_t cl100k_piece(std::string_view text) {
  if (text[0] == '\'') {
    if (const std::size_t length = contraction(text, true); length > 0) return length;
  }
  const Character first = character(text, 0);
  if (first.kind == CharClass::letter) return run_end(text, first.length, CharClass::letter);
  if (first.kind == CharClass::number) {
    std::size_t end = first.length;
    for (int digits = 1; digits < 3; ++digits) {
      const Character c = character(text, end);
      if (c.length == 0 || c.kind != CharClass::number) break;
      end += c.length;
    }
    return end;
  }
  const Character second = character(text, first.length);
  if (!is_newline(text[0]) && second.length > 0 && second.kind == CharClass::letter)
    return run_end(text, first.length, CharClass::letter);
  const std::size_t begin = text[0] == ' ' ? 1 : 0;
  const Character c = character(text, begin);
  if (c.length > 0 && c.kind == CharClass::other) {
    std::size_t end = run_end(text, begin, CharClass::other);
    while (end < text.size() && is_newline(text[end])) ++end;
    return end;
  }
  const std::size_t end = run_end(text, 0, CharClass::space);
  std::size_t newline = end;
  while (newline > 0 && !is_newline(text[newline - 1])) --newline;
  return newline > 0 ? newline : space_piece(text);
}

std::size_t whitespace_piece(std::string_view text) {
  const std::size_t begin = text[0] == ' ' ? 1 : 0;
  const std::size_t end = run_end(text, begin, [](CharClass k) { return k != CharClass::space; });
  return end > begin ? end : space_piece(text);
}

/// The character that ends at `at`; a byte that is not valid stands alone.
Character character_before(std::string_view text, std::size_t at) {
  const CodePoint c = last_code_point(text.substr(0, at));
  if (c.length == 0) return {CharClass::other, 1};
  return {char_class(c.value), c.length};
}

}  // namespace

std::vector<std::string> pattern_names() {
  std::vector<std::string> names;
  for (const Name& row : kNames) names.emplace_back(row.name);
  return names;
}

std::vector<std::string> pattern_choices() {
  std::vector<std::string> names = pattern_names();
  names.insert(names.begin(), kAutoPattern);
  return names;
}

Pattern pattern_of(const std::string& name) {
  for (const Name& row : kNames) {
    if (name == row.name) return row.pattern;
  }
  throw Error(concat_text("pattern ", name, ": no such one; choose one of: gpt2, cl100k, whitespace, none"));
}

const char* pattern_name(Pattern pattern) { return kNames[static_cast<std::size_t>(pattern)].name; }
const char* pattern_regex(Pattern pattern) { return kNames[static_cast<std::size_t>(pattern)].regex; }

std::size_t first_piece(Pattern pattern, std::string_view text) {
  switch (pattern) {
    case Pattern::gpt2: return gpt2_piece(text);
    case Pattern::cl100k: return cl100k_piece(text);
    case Pattern::whitespace: return whitespace_piece(text);
    case Pattern::none: break;
  }
  return text.size();
}

std::size_t find_cut(Pattern pattern, const SpecialTokens& specials, std::string_view text, std::size_t from,
                     std::size_t to) {
  // In all patterns but the last nothing that follows a word can belong to it: a letter ends where no letter follows,
  // and with `whitespace` anything ends where white space follows.
  if (pattern == Pattern::none) return to;
  const bool letters = pattern != Pattern::whitespace;
  for (std::size_t at = std::max<std::size_t>(from, 1); at < to; ++at) {
    if ((static_cast<unsigned char>(text[at]) & 0xC0U) == 0x80U) continue;  // within a character
    const CharClass next = character(text, at).kind;
    if (letters ? next == CharClass::letter : next != CharClass::space) continue;
    const CharClass before = character_before(text, at).kind;
    if ((letters ? before == CharClass::letter : before != CharClass::space) && !specials.crosses(text, at)) return at;
  }
  return to;
}

}  // namespace heddle
