#include "data/text/text_source.h"

#include <algorithm>

#include "data/io/other_kind.h"
#include "data/split.h"
#include "data/text/kingdom.h"
#include "framework/check.h"

namespace heddle {
namespace {

constexpr const char* kBuiltin = "builtin:kingdom";

}  // namespace

TextSource::TextSource(const std::vector<std::string>& paths, std::int64_t builtin_size, std::uint64_t seed) {
  for (const std::string& path : list_files(paths, "text")) {
    if (!path.starts_with("builtin:")) {
      add(path);
      continue;
    }
    ensure(path == kBuiltin, "text: ", path, " is not known; the built-in text is ", kBuiltin);
    if (builtin_.empty()) builtin_ = kingdom_text(seed, builtin_size);
    files_.push_back({path, size_, builtin_.size(), 0});
    size_ += builtin_.size();
  }
}

void TextSource::add(const std::string& path) {
  InputFile in(path, Contents::text, "text: " + path);
  std::uint64_t size = in.size().value_or(0);
  if (!in.size()) {  // it must be unpacked to be counted
    std::string block;
    for (; in.read(block, 1 << 20) > 0; block.clear()) size += block.size();
  }
  files_.push_back({path, size_, size, in.skipped()});
  size_ += size;
}

bool TextSource::read(std::string& text, std::size_t count) {
  while (count > 0 && current_ < files_.size()) {
    const File& file = files_[current_];
    const auto part = static_cast<std::size_t>(std::min<std::uint64_t>(count, file.begin + file.size - at_));
    if (part == 0) {
      in_.reset();
      ++current_;
      continue;
    }
    if (file.path == kBuiltin) {
      text.append(builtin_, at_ - file.begin, part);
    } else {
      if (!in_) in_ = std::make_unique<InputFile>(file.path, Contents::text, "text: " + file.path);
      const std::size_t before = text.size(), count_read = in_->read(text, part);
      ensure(count_read == part, "text: ", file.path, " ended after ", at_ - file.begin + count_read, " of ", file.size,
             " bytes; was it changed, or is it a file that cannot be read?");
      note_nul(std::string_view(text).substr(before));
    }
    at_ += part;
    count -= part;
  }
  return at_ < size_;
}

void TextSource::note_nul(std::string_view part) {
  if (first_nul_) return;
  const std::size_t at = part.find('\0');
  if (at == part.npos) return;
  first_nul_ = at_ + at;
  ensure(!refuses_nul_, nul_notice(), ", or use data.tokenizer = byte or bpe");
}

std::string TextSource::nul_notice() const {
  if (!first_nul_) return {};
  const std::string path = shell_quoted(file_at(*first_nul_).path);
  return concat_text("text: ", place(*first_nul_),
                     " is NUL, which no text holds; take such bytes out: tr -d '\\000' < ", path, " > ", path, ".txt");
}

std::string TextSource::read_all() {
  std::string text;
  text.reserve(size_ - at_);
  read(text, size_ - at_);
  return text;
}

void TextSource::rewind() {
  in_.reset();
  at_ = 0;
  current_ = 0;
}

const TextSource::File& TextSource::file_at(std::uint64_t at) const {
  return *std::prev(std::find_if(files_.begin(), files_.end(), [&](const File& file) { return file.begin > at; }));
}

std::string TextSource::place(std::uint64_t at) const {
  const File& file = file_at(at);
  return concat_text(file.path, ": byte ", at - file.begin + file.skipped);
}

}  // namespace heddle
