#pragma once

#include <array>
#include <string>

namespace heddle {

/// Okabe and Ito's colours, which people with colour blindness tell apart, and some more.
constexpr std::array kColours = {"#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00",
                                 "#56b4e9", "#8c6d1f", "#888888", "#7b3294", "#000000"};

/// The colour of the group of a number from 0; they come again.
inline const char* colour_of(int group) { return kColours[static_cast<std::size_t>(group) % kColours.size()]; }

/// A text as XML takes it: what is no printable character is written as visible() does, but blanks stay.
std::string svg_text(const std::string& text);

}  // namespace heddle
