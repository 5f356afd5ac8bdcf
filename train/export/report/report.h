#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace heddle {

/// A page for a browser, whole in one file: what `heddle report` found of a run, which the page's scripts draw. The
/// page asks for nothing, and what texts hold runs nothing: they are data in it, without a character that begins or
/// ends a tag, and its policy lets no script run but its own. Bytes that are not UTF-8 are U+FFFD.
std::string report_page(const nlohmann::json& data);

}  // namespace heddle
