#include "train/analysis/words/lines.h"

#include <filesystem>
#include <fstream>

#include "framework/check.h"

namespace heddle {

void for_lines(const std::string& path, const char* what,
               const std::function<void(const std::string& text, const std::string& place)>& line) {
  ensure(std::filesystem::exists(path), what, " ", path, " does not exist");
  ensure(!std::filesystem::is_directory(path), what, " ", path, " is a folder; give a text file");
  std::ifstream in(path, std::ios::binary);
  ensure(in.good(), what, " ", path, " cannot be read");
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";  // some editors begin a file with it
  std::string text;
  for (std::size_t number = 1; std::getline(in, text); ++number) {
    if (number == 1 && text.starts_with(kByteOrderMark)) text.erase(0, kByteOrderMark.size());
    if (text.ends_with('\r')) text.pop_back();
    line(text, path + ':' + std::to_string(number));
  }
  ensure(!in.bad(), what, " ", path, " cannot be read to its end");
}

}  // namespace heddle
