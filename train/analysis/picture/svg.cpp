#include "train/analysis/picture/svg.h"

#include <algorithm>

#include "data/io/utf8.h"

namespace heddle {

std::string svg_text(const std::string& text) {
  std::string out;
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t blank = std::min(text.find(' ', at), text.size());
    for (const char c : visible(text.substr(at, blank - at))) {
      switch (c) {
        case '&': out += "&amp;"; break;
        case '<': out += "&lt;"; break;
        case '>': out += "&gt;"; break;
        default: out += c;
      }
    }
    if (blank < text.size()) out += ' ';
    at = blank + 1;
  }
  return out;
}

}  // namespace heddle
