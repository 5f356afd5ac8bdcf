#pragma once

#include <filesystem>
#include <string>

namespace heddle {

/// Writes a text beside `path` and renames it, so that a full disk leaves the file as it was. Errors: it cannot be
/// written.
void write_text(const std::filesystem::path& path, const std::string& text);

}  // namespace heddle
