#include "data/io/lines.h"

#include <filesystem>

#include "data/io/input_file.h"
#include "framework/check.h"

namespace heddle {

void for_lines(const std::string& path, const char* what,
               const std::function<void(const std::string& text, const std::string& place)>& line) {
  const std::string name = concat_text(what, " ", path);
  std::error_code error;  // as of a name that no file can have
  ensure(std::filesystem::exists(path, error), name, " does not exist");
  ensure(!std::filesystem::is_directory(path, error), name, " is a folder; give a text file");
  constexpr std::size_t kBlock = 1 << 16, kLongest = 1 << 20;
  InputFile in(path, Contents::text, name);
  std::string block;
  std::size_t number = 0;
  const auto tell = [&](std::string text) {
    if (text.ends_with('\r')) text.pop_back();
    line(text, path + ':' + std::to_string(++number));
  };
  while (in.read(block, kBlock) > 0) {
    std::size_t begin = 0;
    for (std::size_t end = 0; (end = block.find('\n', begin)) != block.npos; begin = end + 1)
      tell(block.substr(begin, end - begin));
    block.erase(0, begin);
    ensure(block.size() <= kLongest, path, ':', number + 1, ": a line of more than 1 MiB; is this a ", what, "?");
  }
  if (!block.empty()) tell(block);
}

}  // namespace heddle
