#include "data/text/text_source.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "data/text/kingdom.h"
#include "framework/check.h"

namespace heddle {
namespace {

namespace fs = std::filesystem;

constexpr const char* kBuiltin = "builtin:kingdom";

std::vector<fs::path> files_below(const fs::path& folder) {
  std::vector<fs::path> files;
  fs::path at = folder;
  std::error_code error, ignored;  // a link that leads nowhere is no file
  fs::recursive_directory_iterator entry(folder, error);
  while (!error && entry != fs::recursive_directory_iterator()) {
    at = entry->path();
    if (at.filename().string().starts_with('.')) {
      if (entry->is_directory(ignored)) entry.disable_recursion_pending();
    } else if (entry->is_regular_file(ignored)) {
      files.push_back(at);
    }
    entry.increment(error);
  }
  // After an error the iterator is at its end: without this the rest of the folder would be missing unnoticed.
  ensure(!error, "text: ", at.string(), " cannot be listed (", error.message(), ")");
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace

TextSource::TextSource(const std::vector<std::string>& paths, std::int64_t builtin_size, std::uint64_t seed) {
  for (const std::string& path : paths) {
    if (path.starts_with("builtin:")) {
      ensure(path == kBuiltin, "text: ", path, " is not known; the built-in corpus is ", kBuiltin);
      if (builtin_.empty()) builtin_ = kingdom_text(seed, builtin_size);
      files_.push_back({path, size_, builtin_.size()});
      size_ += builtin_.size();
      continue;
    }
    std::error_code error;
    const fs::file_status status = fs::status(path, error);
    ensure(status.type() != fs::file_type::not_found, "text: ", path,
           " does not exist; give a text file, a folder of text files, or ", kBuiltin);
    ensure(!error, "text: ", path, " cannot be reached (", error.message(), ")");
    if (!fs::is_directory(status)) {
      add(path);
      continue;
    }
    const std::vector<fs::path> files = files_below(path);
    ensure(!files.empty(), "text: ", path, " holds no file");
    for (const fs::path& file : files) add(file.string());
  }
}

void TextSource::add(const std::string& path) {
  // Opening a pipe would wait for its writer, and a run that is resumed could not read it again.
  std::error_code error;
  ensure(fs::is_regular_file(path, error) || error, "text: ", path, " is not a regular file; save the text as one");
  const std::uint64_t size = fs::file_size(path, error);
  ensure(!error, "text: ", path, " cannot be read (", error.message(), ")");
  files_.push_back({path, size_, size});
  size_ += size;
}

bool TextSource::read(std::string& text, std::size_t count) {
  while (count > 0 && current_ < files_.size()) {
    const File& file = files_[current_];
    const auto part = static_cast<std::size_t>(std::min<std::uint64_t>(count, file.begin + file.size - at_));
    if (part == 0) {
      in_.close();
      ++current_;
      continue;
    }
    if (file.path == kBuiltin) {
      text.append(builtin_, at_ - file.begin, part);
    } else {
      if (!in_.is_open()) {
        in_.clear();
        in_.open(file.path, std::ios::binary);
        ensure(in_.good(), "text: ", file.path, " cannot be opened (", std::strerror(errno), ")");
      }
      const std::size_t before = text.size();
      text.resize(before + part);
      in_.read(text.data() + before, static_cast<std::streamsize>(part));
      ensure(static_cast<std::size_t>(in_.gcount()) == part, "text: ", file.path, " ended after ",
             at_ - file.begin + static_cast<std::uint64_t>(in_.gcount()), " of ", file.size,
             " bytes; was it changed, or is it a file that cannot be read?");
    }
    at_ += part;
    count -= part;
  }
  return at_ < size_;
}

std::string TextSource::read_all() {
  std::string text;
  text.reserve(size_ - at_);
  read(text, size_ - at_);
  return text;
}

void TextSource::rewind() {
  in_.close();
  at_ = 0;
  current_ = 0;
}

std::string TextSource::place(std::uint64_t at) const {
  const auto after = std::find_if(files_.begin(), files_.end(), [&](const File& file) { return file.begin > at; });
  const File& file = *std::prev(after);
  return concat_text(file.path, ": byte ", at - file.begin);
}

}  // namespace heddle
