#include "train/log/terminal.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "data/io/utf8.h"
#include "framework/system/ranks.h"

namespace heddle {
namespace {

std::string_view variable(const char* name) {
  const char* const value = std::getenv(name);
  return value != nullptr ? value : "";
}

/// Where the last character begins, if bytes of it are still to come; else the text's end.
std::size_t unfinished(std::string_view text) {
  constexpr std::size_t kLongest = 4;
  for (std::size_t length = 1; length < kLongest && length <= text.size(); ++length) {
    const auto byte = static_cast<unsigned char>(text[text.size() - length]);
    if ((byte & 0xC0U) == 0x80U) continue;  // within a character
    const std::size_t whole = byte < 0xC2 ? 1 : byte < 0xE0 ? 2 : byte < 0xF0 ? 3 : byte < 0xF5 ? 4 : 1;
    return whole > length ? text.size() - length : text.size();
  }
  return text.size();
}

}  // namespace

bool is_drawn_on(int fd) {
  const std::string_view term = variable("TERM");
  return !term.empty() && term != "dumb" && isatty(fd) == 1 && ranks() == 1;
}

bool shows_colours(int fd) { return variable("NO_COLOR").empty() && is_drawn_on(fd); }

TextOutput::TextOutput() : TextOutput(isatty(STDOUT_FILENO) == 1) {}

std::string TextOutput::shown(std::string_view text) {
  if (!terminal_) return std::string(text);
  held_ += text;
  const std::size_t end = unfinished(held_);
  std::string whole = readable(std::string_view(held_).substr(0, end));
  held_.erase(0, end);
  return whole;
}

std::string TextOutput::rest() { return readable(std::exchange(held_, {})); }

}  // namespace heddle
