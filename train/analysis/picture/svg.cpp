#include "train/analysis/picture/svg.h"

#include "data/io/utf8.h"

namespace heddle {

std::string svg_text(const std::string& text) {
  std::string out;
  for (const char c : one_line(text)) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      default: out += c;
    }
  }
  return out;
}

}  // namespace heddle
