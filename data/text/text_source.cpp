#include "data/text/text_source.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>

#include "data/io/list_files.h"
#include "data/io/other_kind.h"
#include "data/text/kingdom.h"
#include "framework/check.h"
#include "framework/format.h"

namespace heddle {
namespace {

constexpr const char* kBuiltin = "builtin:kingdom";

/// Whether the last byte of a file that is not packed is a line end.
bool ends_in_line(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  in.seekg(-1, std::ios::end);
  return in.get() == '\n';
}

std::string ending(const std::string& path) {
  const std::string text = std::filesystem::path(path).extension().string();
  return text.empty() ? "without an ending" : text;
}

}  // namespace

std::vector<std::string> list_texts(const std::vector<std::string>& paths, const char* what,
                                    std::vector<std::string>& notices) {
  constexpr std::size_t kHead = 4096;
  std::vector<std::string> all;
  for (const std::string& path : paths) {
    const std::vector<std::string> files = list_files({path}, what, notices);
    if (files == std::vector{path}) {  // what is named is read, or refused
      all.push_back(path);
      continue;
    }
    std::vector<std::string> texts, others;
    for (const std::string& file : files) {
      std::string head;
      InputFile(file, Contents::bytes, concat_text(what, ": ", file)).read(head, kHead);
      const std::string kind = other_kind(head, file);
      if (kind.empty()) {
        texts.push_back(file);
      } else {
        others.push_back(concat_text(std::filesystem::path(file).lexically_relative(path).string(), ' ',
                                     kind.substr(0, kind.find(';'))));
      }
    }
    ensure(!texts.empty(), what, ": ", path, " holds no text: ", others.empty() ? "" : others[0]);
    if (!others.empty()) notices.push_back(left_out_notice(what, path, "that are no text", others));
    all.insert(all.end(), texts.begin(), texts.end());
  }
  return all;
}

TextSource::TextSource(const std::vector<std::string>& paths, std::int64_t builtin_size, std::uint64_t seed,
                       Separator separator)
    : separator_(std::move(separator)) {
  for (const std::string& path : list_texts(paths, "text", left_out_)) {
    if (!path.starts_with("builtin:")) {
      add(path);
      continue;
    }
    ensure(path == kBuiltin, "text: ", path, " is not known; the built-in text is ", kBuiltin);
    if (!builtin_) builtin_ = std::make_shared<const std::string>(kingdom_text(seed, builtin_size));
    add({path, 0, builtin_->size(), 0, builtin_}, builtin_->ends_with('\n'));
  }
}

void TextSource::add(const std::string& path) {
  InputFile in(path, Contents::text, "text: " + path);
  std::uint64_t size = in.size().value_or(0);
  bool line = size > 0 && ends_in_line(path);
  if (!in.size()) {  // it must be unpacked to be counted
    std::string block;
    for (; in.read(block, 1 << 20) > 0; block.clear()) {
      size += block.size();
      line = block.ends_with('\n');
    }
  }
  add({path, 0, size, in.skipped()}, line);
}

void TextSource::add(File file, bool ends_in_line) {
  const std::string between = separator_ ? *separator_ : ends_in_line_ ? "" : "\n";
  if (file.size > 0 && size_ > 0 && !between.empty()) {
    const File& before = *std::find_if(files_.rbegin(), files_.rend(), [](const File& f) { return f.size > 0; });
    files_.push_back({before.path, size_, between.size(), before.skipped + before.size,
                      std::make_shared<const std::string>(between)});
    size_ += between.size();
  }
  if (file.size > 0) ends_in_line_ = ends_in_line;
  file.begin = size_;
  size_ += file.size;
  files_.push_back(std::move(file));
}

bool TextSource::read(std::string& text, std::size_t count) {
  while (count > 0 && current_ < files_.size()) {
    const File& file = files_[current_];
    const auto part = static_cast<std::size_t>(std::min<std::uint64_t>(count, file.begin + file.size - at_));
    if (part == 0) {
      in_.reset();
      seam_.clear();
      ++current_;
      continue;
    }
    if (file.literal) {
      text.append(*file.literal, at_ - file.begin, part);
    } else {
      if (!in_) in_ = std::make_unique<InputFile>(file.path, Contents::text, "text: " + file.path);
      const std::size_t before = text.size(), count_read = in_->read(text, part);
      ensure(count_read == part, "text: ", file.path, " ended after ", at_ - file.begin + count_read, " of ", file.size,
             " bytes; was it changed, or is it a file that cannot be read?");
      note(std::string_view(text).substr(before));
    }
    at_ += part;
    count -= part;
  }
  return at_ < size_;
}

void TextSource::note(std::string_view part) {
  constexpr std::string_view kMark = "\xEF\xBB\xBF";
  if (!first_mark_) {
    const std::string seam = seam_ + std::string(part.substr(0, kMark.size() - 1));
    if (const std::size_t over = seam.find(kMark); over != seam.npos) {
      first_mark_ = at_ + over - seam_.size();
    } else if (const std::size_t at = part.find(kMark); at != part.npos) {
      first_mark_ = at_ + at;
    }
    const std::string end = seam_ + std::string(part.substr(part.size() - std::min(part.size(), kMark.size() - 1)));
    seam_ = end.substr(end.size() - std::min(end.size(), kMark.size() - 1));
  }
  if (const std::size_t at = first_cr_ ? part.npos : part.find('\r'); at != part.npos) first_cr_ = at_ + at;
  if (const std::size_t at = first_nul_ ? part.npos : part.find('\0'); at != part.npos) {
    first_nul_ = at_ + at;
    ensure(!refuses_nul_, nul_text(), ", or use data.tokenizer = byte or bpe");
  }
}

std::string TextSource::nul_text() const {
  const std::string path = shell_quoted(file_at(*first_nul_).path);
  return concat_text("text: ", place(*first_nul_),
                     " is NUL, which no text holds; take such bytes out: tr -d '\\000' < ", path, " > ", path, ".txt");
}

std::string TextSource::files_text() const {
  std::map<std::string, std::pair<std::int64_t, std::uint64_t>> kinds;  // files and bytes
  std::int64_t count = 0;
  for (const File& file : files_) {
    if (file.literal) continue;
    auto& [files, bytes] = kinds[ending(file.path)];
    ++files;
    ++count;
    bytes += file.size;
  }
  if (count < 2) return {};
  std::string text;
  for (const auto& [kind, sizes] : kinds)
    text += concat_text(text.empty() ? "" : ", ", sizes.first, ' ', kind, ' ',
                        human_bytes(static_cast<double>(sizes.second)));
  return concat_text("text: ", count, " files are read: ", text);
}

std::vector<std::string> TextSource::notices() const {
  std::vector<std::string> all = left_out_;
  if (std::string text = files_text(); !text.empty()) all.push_back(std::move(text));
  const auto has_mark = [](const File& file) { return !file.literal && file.skipped > 0; };
  const auto marks = std::count_if(files_.begin(), files_.end(), has_mark);
  if (marks > 0)
    all.push_back(concat_text("text: ", std::find_if(files_.begin(), files_.end(), has_mark)->path,
                              " begins with a byte order mark, which is left out",
                              marks > 1 ? concat_text(" (", marks, " files have one)") : ""));
  if (first_mark_) {
    const std::string path = shell_quoted(file_at(*first_mark_).path);
    all.push_back(concat_text("text: ", place(*first_mark_),
                              " is a byte order mark within the text, as of files that were joined; it is read as it "
                              "stands. To take such out: sed 's/\\xEF\\xBB\\xBF//g' < ",
                              path, " > ", path, ".txt"));
  }
  if (first_cr_) {
    const std::string path = shell_quoted(file_at(*first_cr_).path);
    all.push_back(concat_text("text: ", place(*first_cr_),
                              " is CR, as in line ends of Windows; it is read as it stands. To take it out: tr -d "
                              "'\\r' < ",
                              path, " > ", path, ".txt"));
  }
  if (first_nul_) all.push_back(nul_text());
  return all;
}

std::string TextSource::read_all() {
  std::string text;
  text.reserve(size_ - at_);
  read(text, size_ - at_);
  return text;
}

void TextSource::rewind() {
  in_.reset();
  seam_.clear();
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
