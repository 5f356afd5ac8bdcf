#pragma once

#include <functional>
#include <string>

namespace heddle {

/// Calls line(text, place) for every line of a text file (plain, gzip or zstd), without its end (\n or \r\n) and
/// without a byte order mark; place is "PATH:NUMBER", for messages. `what` the file is begins those of its own. Errors:
/// the file does not exist, is a folder, is no text or cannot be read; a line of more than 1 MiB.
void for_lines(const std::string& path, const char* what,
               const std::function<void(const std::string& text, const std::string& place)>& line);

}  // namespace heddle
