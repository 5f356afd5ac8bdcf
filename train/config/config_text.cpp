#include "train/config/config_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "framework/check.h"

namespace heddle {
namespace {

constexpr const char* kBlanks = " \t\r\n";

std::string_view trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(kBlanks);
  return begin == text.npos ? std::string_view() : text.substr(begin, text.find_last_not_of(kBlanks) + 1 - begin);
}

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20; }

bool is_blank(char c) { return std::string_view(kBlanks).find(c) != std::string_view::npos; }

/// Where the quotation ends that begins at `begin`: behind its closing mark; npos: it does not.
std::size_t quotation_end(std::string_view text, std::size_t begin) {
  for (std::size_t at = begin + 1; at < text.size(); ++at) {
    if (text[at] == '\\') {
      ++at;
    } else if (text[at] == '"') {
      return at + 1;
    }
  }
  return text.npos;
}

bool comment_begins(std::string_view line, std::size_t at) {
  return line[at] == '#' && (at == 0 || is_blank(line[at - 1]));
}

std::string quotation(const std::string& value) {
  std::string text = "\"";
  for (const char c : value) {
    if (c == '\n' || c == '\t') {
      text += c == '\n' ? "\\n" : "\\t";
    } else if (is_control(c)) {
      text += fmt::format("\\x{:02X}", static_cast<int>(c));
    } else {
      if (c == '"' || c == '\\') text += '\\';
      text += c;
    }
  }
  return text + '"';
}

/// Whether what stands there alone would not read back the same.
bool needs_quotation(const std::string& value) {
  if (value.empty()) return false;
  if (value[0] == '"' || trimmed(value).size() < value.size() || std::any_of(value.begin(), value.end(), is_control))
    return true;
  const std::string line = "= " + value + ' ';  // a quotation may seem to begin within it, and hide the comment
  return without_comments(line + '#') != line + '\n';
}

}  // namespace

std::string written(const std::string& value) { return needs_quotation(value) ? quotation(value) : value; }

std::string value_of_written(const std::string& text, const std::string& where) {
  if (!text.starts_with('"')) return text;
  const std::size_t end = quotation_end(text, 0);
  ensure(end == text.size(), where, ": ",
         end == text.npos ? "the quotation mark is not closed" : "more follows on the ",
         end == text.npos ? "" : "quotation", "; within one write \\\" for a quotation mark and \\\\ for a \\");
  std::string value;
  for (std::size_t at = 1; at + 1 < end; ++at) {
    if (text[at] != '\\') {
      value += text[at];
      continue;
    }
    const char c = text[++at];
    unsigned char byte = 0;
    const bool is_byte =
        c == 'x' && std::from_chars(&text[at + 1], &text[std::min(at + 3, end - 1)], byte, 16).ptr == &text[at + 3];
    ensure(c == '"' || c == '\\' || c == 'n' || c == 't' || is_byte, where, ": \\", c,
           " stands for nothing between quotation marks; write \\\\ for a \\");
    value += is_byte ? static_cast<char>(byte) : c == 'n' ? '\n' : c == 't' ? '\t' : c;
    if (is_byte) at += 2;
  }
  return value;
}

std::string written_list(const std::vector<std::string>& items) {
  std::string text;
  for (const std::string& item : items) {
    const bool quoted = item.empty() || item.find(',') != item.npos || needs_quotation(item);
    text += (text.empty() ? "" : ", ") + (quoted ? quotation(item) : item);
  }
  return text;
}

std::vector<std::string> items_of_written(const std::string& text, const std::string& where) {
  std::vector<std::string> items;
  for (std::size_t at = 0; at < text.size(); ++at) {  // at the comma that ended an item: one further
    at = std::min(text.size(), text.find_first_not_of(kBlanks, at));
    std::size_t behind = at;
    if (at < text.size() && text[at] == '"') behind = std::min(text.size(), quotation_end(text, at));
    const std::size_t comma = std::min(text.size(), text.find(',', behind));
    const std::string item(trimmed(std::string_view(text).substr(at, comma - at)));
    if (!item.empty()) items.push_back(value_of_written(item, where));
    at = comma;
  }
  return items;
}

std::string without_comments(std::string_view text) {
  std::string all;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    char before = '\0';  // the last character that is no blank: quotations begin behind = and ,
    std::size_t at = 0;
    while (at < line.size() && !comment_begins(line, at)) {
      std::size_t next = at + 1;
      if (line[at] == '"' && (before == '=' || before == ',')) next = std::min(line.size(), quotation_end(line, at));
      if (!is_blank(line[at])) before = line[next - 1];
      at = next;
    }
    all += line.substr(0, at);
    all += '\n';
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return all;
}

}  // namespace heddle
