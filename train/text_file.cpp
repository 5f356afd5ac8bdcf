#include "train/text_file.h"

#include <fstream>

#include "framework/check.h"

namespace heddle {

void write_text(const std::filesystem::path& path, const std::string& text) {
  std::filesystem::path temporary = path;
  temporary += ".tmp";
  std::ofstream out(temporary, std::ios::binary);
  out << text;
  out.close();
  std::error_code error;
  if (out) std::filesystem::rename(temporary, path, error);
  if (out && !error) return;
  std::error_code ignored;
  std::filesystem::remove(temporary, ignored);
  throw Error(concat_text(path.string(), " cannot be written; is the disk full, or the folder read-only?"));
}

}  // namespace heddle
