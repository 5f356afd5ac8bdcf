#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "data/io/input_file.h"

namespace heddle {

/// A file's contents, unpacked if they are packed (see InputFile). `name` begins messages. Errors: those of InputFile;
/// more than 1 GiB, which a small packed file may hold.
std::string read_file(const std::filesystem::path& path, Contents wanted = Contents::bytes,
                      const std::string& name = {});
/// The same of any size, mapped; what is packed is unpacked into a temporary file. Null if there are none.
struct FileBytes {
  std::shared_ptr<const std::byte> data;
  std::size_t size = 0;
  std::string_view view() const { return {reinterpret_cast<const char*>(data.get()), size}; }
};
FileBytes map_contents(const std::filesystem::path& path, const std::string& name = {});

/// A file to come, and what writes its bytes.
struct NewFile {
  std::filesystem::path path;
  std::function<void(std::ostream&)> write;
};
/// Writes each beside its place (see Temporary) and renames them once all are on the disk, so that a full disk leaves
/// what was there, and a power cut that or the new file; what processes left beside them that died while they wrote is
/// removed. A link's file is written, and a pipe or device as it is. Errors: as save_error's; whatever a `write` throws.
/// Then none is changed.
void write_files(const std::vector<NewFile>& files);
/// The same of one file and a text.
void write_file(const std::filesystem::path& path, std::string_view text);

}  // namespace heddle
