#pragma once

#include <filesystem>
#include <functional>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

namespace heddle {

/// All bytes of a file. Errors: it cannot be opened or read.
std::string read_file(const std::filesystem::path& path);

/// A file to come, and what writes its bytes.
struct NewFile {
  std::filesystem::path path;
  std::function<void(std::ostream&)> write;
};
/// Writes each beside its place and renames them once all are written, so that a full disk leaves what was there. A
/// link's file is written, and a pipe or device as it is. Errors: a place that cannot be written to; whatever a `write`
/// throws. Then none is changed.
void write_files(const std::vector<NewFile>& files);
/// The same of one file and a text.
void write_file(const std::filesystem::path& path, std::string_view text);

}  // namespace heddle
