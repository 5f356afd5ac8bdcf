#include "data/tokenizer/split/syntax.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <optional>

#include "data/io/utf8.h"
#include "framework/check.h"

namespace heddle {
namespace {

using Atoms = ExpressionSyntax::Atoms;

// White_Space of Unicode and what is not, as lists that fit into a class.
constexpr const char* kSpace = R"(\t-\r\x{85}\p{Z})";
constexpr const char* kNoSpace =
    R"(\x{0}-\x{8}\x{e}-\x{1f}!-\x{84}\x{86}-\x{9f}\x{a1}-\x{167f}\x{1681}-\x{1fff}\x{200b}-\x{2027}\x{202a}-\x{202e})"
    R"(\x{2030}-\x{205e}\x{2060}-\x{2fff}\x{3001}-\x{d7ff}\x{e000}-\x{10ffff})";
// Oniguruma's: Alphabetic, marks, decimal digits, Pc; and outside of a class the other numbers of Latin-1.
constexpr const char* kWord =
    R"(\p{L}\p{M}\p{Nd}\p{Nl}\p{Pc}\x{24b6}-\x{24e9}\x{1f130}-\x{1f149}\x{1f150}-\x{1f169}\x{1f170}-\x{1f189})";
constexpr const char* kWordAlone = R"(\x{b2}\x{b3}\x{b9}\x{bc}-\x{be})";

constexpr std::array kCategories = {"L",  "Lu", "Ll", "Lt", "Lm", "Lo", "M",  "Mn", "Mc", "Me", "N", "Nd",
                                    "Nl", "No", "P",  "Pc", "Pd", "Ps", "Pe", "Pi", "Pf", "Po", "S", "Sm",
                                    "Sc", "Sk", "So", "Z",  "Zs", "Zl", "Zp", "C",  "Cc", "Cf"};
constexpr std::array kScripts = {"Arabic",   "Armenian", "Bengali", "Cyrillic", "Devanagari", "Georgian", "Greek",
                                 "Gujarati", "Han",      "Hangul",  "Hebrew",   "Hiragana",   "Katakana", "Khmer",
                                 "Lao",      "Latin",    "Myanmar", "Tamil",    "Telugu",     "Thai",     "Tibetan"};

/// A part of an expression: what PCRE2 reads, whether it matches nothing, and its first and last atoms.
struct Part {
  std::string pcre;
  bool empty = true;
  Atoms first{}, last{};
};

bool is_ascii_letter(char32_t c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_digit(char32_t c) { return c >= '0' && c <= '9'; }

/// One character as PCRE2 reads it, inside of a class and outside.
std::string literal(char32_t c) {
  if (is_ascii_letter(c) || is_digit(c)) return std::string(1, static_cast<char>(c));
  if (c > ' ' && c < 0x7F) return {'\\', static_cast<char>(c)};
  std::array<char, 16> text{};
  std::snprintf(text.data(), text.size(), "\\x{%X}", static_cast<unsigned>(c));
  return text.data();
}

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  ExpressionSyntax read() {
    ensure(find_invalid_utf8(text_) == text_.npos, "it is not UTF-8");
    ensure(text_.size() <= 20000, "it is longer than 20,000 bytes");
    if (take("(?i)")) any_case_ = true;
    const Part all = alternatives();
    if (at_ < text_.size()) refuse("a ) that closes no group");
    if (count_ > ExpressionSyntax::kMostAtoms) return {all.pcre};
    return {all.pcre, atoms_, follow_, all.first, all.last};
  }

 private:
  [[noreturn]] void refuse(const std::string& what) const { throw Error(concat_text(what, " (at byte ", at_, ")")); }
  bool more() const { return at_ < text_.size(); }
  bool see(std::string_view what) const { return text_.substr(at_).starts_with(what); }
  bool take(std::string_view what) {
    const bool there = see(what);
    if (there) at_ += what.size();
    return there;
  }
  char32_t next() {
    const CodePoint c = decode_utf8(text_.substr(at_));
    at_ += c.length;
    return c.value;
  }

  Part alternatives() {
    if (++depth_ > 100) refuse("more than 100 groups within each other");
    Part all = sequence();
    while (take("|")) {
      const Part other = sequence();
      all = {all.pcre + '|' + other.pcre, all.empty || other.empty, all.first | other.first, all.last | other.last};
    }
    --depth_;
    return all;
  }

  Part sequence() {
    Part all;
    while (more() && !see("|") && !see(")")) {
      const bool ahead = see("(?=") || see("(?!") || see("$");
      const Part one = repeated(item(), ahead);
      join(all.last, one.first);
      if (all.empty) all.first |= one.first;
      all.last = one.empty ? all.last | one.last : one.last;
      all.empty = all.empty && one.empty;
      all.pcre += one.pcre;
    }
    return all;
  }

  /// After `before` may come `after`.
  void join(const Atoms& before, const Atoms& after) {
    for (std::size_t i = 0; i < follow_.size(); ++i) {
      if (before[i]) follow_[i] |= after;
    }
  }

  Part repeated(Part one, bool ahead) {
    const std::size_t begin = at_;
    const std::optional<std::string> range = see("{") ? std::optional(counts()) : std::nullopt;
    if (!range && !see("?") && !see("*") && !see("+")) return one;
    if (ahead) refuse("a repeated (?=..), (?!..) or $");
    const bool many = range || !see("?");
    one.empty = one.empty || (range ? range->starts_with("{0") : !see("+"));
    one.pcre = "(?:" + one.pcre + ")" + (range ? *range : std::string(1, static_cast<char>(next())));
    if (many) join(one.last, one.first);
    if (range && !range->ends_with(",}") && range->find(',') == std::string::npos && see("?"))
      refuse("a lazy number of times, as in " + std::string(text_.substr(begin, at_ - begin + 1)));
    if (take("?")) {
      one.pcre += '?';
    } else if (take("+")) {
      // Oniguruma repeats what is repeated a number of times; after the others a + keeps what was matched
      one.pcre = range ? "(?:" + one.pcre + ")+" : one.pcre + '+';
    }
    if (see("?") || see("*") || see("+") || see("{")) refuse("two repetitions one after another");
    return one;
  }

  /// {n}, {n,}, {n,m} or {,m}, in PCRE2's form.
  std::string counts() {
    next();
    const auto number = [&] {
      std::string digits;
      while (more() && is_digit(static_cast<unsigned char>(text_[at_]))) digits += text_[at_++];
      if (digits.size() > 4 || (!digits.empty() && std::stoi(digits) > 1000)) refuse("a repetition of more than 1000");
      return digits.empty() ? digits : std::to_string(std::stoi(digits));
    };
    std::string least = number(), range;
    const bool comma = take(",");
    const std::string most = comma ? number() : "";
    if (!take("}") || (least.empty() && most.empty())) refuse("a { that begins no number of times; write \\{");
    if (least.empty()) least = "0";
    if (!most.empty() && std::stoi(most) < std::stoi(least)) refuse("a number of times from more to less");
    return '{' + least + (comma ? "," + most : "") + '}';
  }

  Part atom(const std::string& pcre) {
    Part one{any_case_ ? "(?i:" + pcre + ")" : pcre, false};
    if (++count_ > ExpressionSyntax::kMostAtoms) return one;
    atoms_.push_back(one.pcre);
    follow_.emplace_back();
    one.first[atoms_.size() - 1] = one.last[atoms_.size() - 1] = true;
    return one;
  }

  Part item() {
    if (see("(")) return group();
    if (see("[")) return atom(character_class());
    if (see("\\")) return escape_outside();
    if (take(".")) return atom("[^\\n]");
    if (take("$")) {
      Part end = atom("[\\x{0}-\\x{10ffff}]");  // whether it is the end depends on any character
      return {"(?=\\n|\\z)", true, end.first, {}};
    }
    for (const char* what : {"^", "*", "+", "?", "{"}) {
      if (see(what)) refuse(std::string(what) + " there");
    }
    return character(next());
  }

  Part character(char32_t c) {
    if (any_case_) {  // of several characters Oniguruma takes some for one, as ss for ß
      if (c >= 0x80) refuse("a character beyond ASCII without case");
      const std::string pair = {last_letter_end_ + 1 == at_ ? last_letter_ : '\0', static_cast<char>(c | 0x20)};
      for (const char* one : {"ss", "ff", "fi", "fl", "st"}) {
        if (pair == one) refuse(std::string(one) + " without case");
      }
      last_letter_ = static_cast<char>(c | 0x20);
      last_letter_end_ = at_;
    }
    return atom(literal(c));
  }

  Part group() {
    const bool case_before = any_case_;
    Part inner;
    if (take("(?=") || take("(?!")) {
      const std::string sign(text_.substr(at_ - 3, 3));
      inner = alternatives();
      inner = {sign + inner.pcre + ')', true, inner.first, {}};
    } else if (take("(?:") || take("(?i:") || take("(?>")) {
      const char kind = text_[at_ - 2];
      const bool atomic = text_[at_ - 1] == '>';
      if (kind == 'i') any_case_ = true;
      inner = alternatives();
      inner.pcre = (atomic ? "(?>" : "(?:") + inner.pcre + ')';
    } else if (see("(?")) {
      const std::size_t end = text_.find_first_not_of("(?<=!#-imsxPa", at_);
      refuse("the group " + std::string(text_.substr(at_, std::min(end, text_.size()) - at_)));
    } else {
      next();
      inner = alternatives();
      inner.pcre = "(?:" + inner.pcre + ')';
    }
    if (!take(")")) refuse("a group that is not closed");
    any_case_ = case_before;
    return inner;
  }

  /// A set that an escape stands for, as the inside of a class; nothing where it is a character.
  struct Escape {
    std::optional<std::string> set;
    char32_t value = 0;
    bool negated = false;  ///< of a set that cannot be turned around in a class
    std::string alone{};   ///< what the set holds too outside of a class
  };

  Escape escape() {
    const std::size_t begin = at_;
    next();
    if (!more()) refuse("a \\ at the end");
    const char32_t c = next();
    switch (c) {
      case 's': return {kSpace};
      case 'S': return {kNoSpace};
      case 'd': return {"\\p{Nd}"};
      case 'D': return {"\\P{Nd}"};
      case 'w': return {kWord, 0, false, kWordAlone};
      case 'W': return {kWord, 0, true, kWordAlone};
      case 'n': return {{}, '\n'};
      case 'r': return {{}, '\r'};
      case 't': return {{}, '\t'};
      case 'f': return {{}, '\f'};
      case 'v': return {{}, '\v'};
      case 'p':
      case 'P': return {property(c == 'P')};
      case 'x': return {{}, take("{") ? number_until(8, true) : number_until(2, false)};
      case 'u': return {{}, number_until(4, false)};
      default: break;
    }
    if (c >= 0x80 || is_ascii_letter(c) || is_digit(c)) {
      at_ = begin;
      refuse("\\" + encode_utf8(c));
    }
    return {{}, c};
  }

  /// A hexadecimal number, of exactly `digits` or of at most so many and a brace.
  char32_t number_until(std::size_t digits, bool brace) {
    const std::size_t end = std::min(text_.find_first_not_of("0123456789abcdefABCDEF", at_), text_.size());
    const std::size_t count = brace ? end - at_ : std::min(end - at_, digits);
    if (count == 0 || count > digits || (!brace && count < digits)) refuse("a character's number that is not whole");
    const auto value = static_cast<char32_t>(std::stoul(std::string(text_.substr(at_, count)), nullptr, 16));
    at_ += count;
    if (brace && !take("}")) refuse("a character's number that is not whole");
    if (!brace && digits == 2 && value >= 0x80) refuse("\\x of a byte beyond ASCII");
    if (value > 0x10FFFF || (value >= 0xD800 && value < 0xE000)) refuse("a number that is no character's");
    return value;
  }

  std::string property(bool negated) {
    const std::size_t end = text_.find('}', at_);
    if (!take("{") || end == text_.npos) refuse("\\p without a name in braces");
    const std::string name(text_.substr(at_, end - at_));
    const bool category = std::find(kCategories.begin(), kCategories.end(), name) != kCategories.end();
    const bool script = std::find(kScripts.begin(), kScripts.end(), name) != kScripts.end();
    if (!category && !script) refuse("\\p{" + name + "}");
    if (any_case_ && (script || (name.size() == 2 && name[0] == 'L'))) refuse("\\p{" + name + "} without case");
    at_ = end + 1;
    return (negated ? "\\P{" : "\\p{") + (script ? "sc:" + name : name) + '}';
  }

  Part escape_outside() {
    const Escape one = escape();
    if (!one.set) return character(one.value);
    return atom((one.negated ? "[^" : "[") + *one.set + one.alone + ']');
  }

  std::string character_class() {
    next();
    const bool negated = take("^");
    std::string inside;
    bool letters = false;
    if (see("]")) refuse("a class that begins with ]");
    while (!take("]")) {
      if (!more()) refuse("a class that is not closed");
      if (see("[")) refuse(see("[:") ? "[: of a class" : "a class within a class; write \\[ for the character");
      if (see("&&")) refuse("&& in a class");
      const std::size_t begin = at_;
      const auto one = [&]() -> Escape { return see("\\") ? escape() : Escape{{}, next()}; };
      const Escape low = one();
      if (low.negated) refuse("\\W in a class");
      if (low.set) {
        if (see("-") && !see("-]")) refuse("a range that begins with " + std::string(text_.substr(begin, at_ - begin)));
        inside += *low.set;
        continue;
      }
      char32_t high = low.value;
      if (see("-") && !see("-]")) {
        if (low.value == '-' && text_[begin] == '-') refuse("-- in a class");
        next();
        if (see("[") || see("&&")) refuse("a range that ends with a class");
        const Escape end = one();
        if (end.set || end.value < low.value) refuse("the range " + std::string(text_.substr(begin, at_ - begin)));
        high = end.value;
      }
      letters |= any_case_;
      if (any_case_ && high >= 0x80) refuse("a character beyond ASCII without case");
      inside += literal(low.value) + (high > low.value ? '-' + literal(high) : "");
    }
    if (negated && letters) refuse("a class [^..] without case");
    return (negated ? "[^" : "[") + inside + ']';
  }

  std::string_view text_;
  std::size_t at_ = 0, count_ = 0;
  int depth_ = 0;
  bool any_case_ = false;
  char last_letter_ = '\0';
  std::size_t last_letter_end_ = 0;
  std::vector<std::string> atoms_;
  std::vector<Atoms> follow_;
};

}  // namespace

ExpressionSyntax read_expression(std::string_view expression) {
  try {
    return Parser(expression).read();
  } catch (const Error& e) {
    throw Error(concat_text("the expression ", visible(expression), " holds ", e.what(), ", which is not read here"));
  }
}

std::string quoted_expression(std::string_view text) {
  std::string expression;
  for (const char c : text) {
    const bool plain = static_cast<unsigned char>(c) >= 0x80 || is_ascii_letter(static_cast<unsigned char>(c)) ||
                       is_digit(static_cast<unsigned char>(c)) || c == ' ' || static_cast<unsigned char>(c) < 0x20;
    expression += (plain ? "" : "\\") + std::string(1, c);
  }
  return expression;
}

}  // namespace heddle
