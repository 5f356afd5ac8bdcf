#include "data/corpus.h"

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "data/kingdom.h"
#include "data/utf8.h"
#include "framework/hash.h"

namespace heddle {
namespace {

namespace fs = std::filesystem;

std::string read_file(const fs::path& path) {
  // Opening a pipe would wait for its writer, and a run that is resumed could not read it again.
  std::error_code error;
  ensure(fs::is_regular_file(path, error) || error, "data.path: ", path.string(),
         " is not a regular file; save the text as one");
  std::ifstream in(path, std::ios::binary | std::ios::ate);
  ensure(in.good(), "data.path: ", path.string(), " cannot be opened (", std::strerror(errno), ")");
  const auto size = in.tellg();
  ensure(size >= 0, "data.path: ", path.string(), " is not a file that can be read");
  std::string text(static_cast<std::size_t>(size), '\0');
  in.seekg(0);
  in.read(text.data(), size);
  ensure(in.gcount() == size, "data.path: ", path.string(), " ended after ", in.gcount(), " of ",
         static_cast<index_t>(size), " bytes");
  return text;
}

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
  ensure(!error, "data.path: ", at.string(), " cannot be listed (", error.message(), ")");
  std::sort(files.begin(), files.end());
  return files;
}

/// A whole text, and at which of its bytes each file begins.
struct Text {
  std::string bytes;
  std::vector<std::pair<std::size_t, std::string>> files;

  /// "PATH: byte 12": byte `at` as the user finds it.
  std::string place(std::size_t at) const {
    const auto after = std::find_if(files.begin(), files.end(), [&](const auto& file) { return file.first > at; });
    const auto& [begin, path] = *std::prev(after);
    return concat_text(path, ": byte ", at - begin);
  }
};

Text read_all(const std::string& path, index_t builtin_size, std::uint64_t seed) {
  if (path.starts_with("builtin:")) {
    ensure(path == "builtin:kingdom", "data.path: ", path, " is not known; the built-in corpus is builtin:kingdom");
    return {kingdom_text(seed, builtin_size), {{0, path}}};
  }
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  ensure(status.type() != fs::file_type::not_found, "data.path: ", path,
         " does not exist; give a text file, a folder of text files, or builtin:kingdom");
  ensure(!error, "data.path: ", path, " cannot be reached (", error.message(), ")");
  Text text;
  if (!fs::is_directory(status)) {
    text = {read_file(path), {{0, path}}};
    ensure(!text.bytes.empty(), "data.path: ", path, " is empty; give a file with text");
    return text;
  }
  for (const fs::path& file : files_below(path)) {
    if (!text.bytes.empty() && text.bytes.back() != '\n') text.bytes += '\n';
    text.files.emplace_back(text.bytes.size(), file.string());
    text.bytes += read_file(file);
  }
  ensure(!text.bytes.empty(), "data.path: ", path, " holds no file with text");
  return text;
}

/// Where the first `count` code points of valid UTF-8 end.
std::size_t bytes_of(std::string_view text, std::size_t count) {
  std::size_t at = 0;
  for (; count > 0 && at < text.size(); --count) {
    do ++at;
    while (at < text.size() && (static_cast<unsigned char>(text[at]) & 0xC0U) == 0x80U);
  }
  return at;
}

std::size_t count_characters(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;  // all but continuation bytes
  }));
}

}  // namespace

std::vector<Key> DataConfig::keys() {
  return {
      {"kind", kind, "what the data is", {"text"}},
      {"path", path, "a text file, a folder of them, or builtin:kingdom"},
      {"size", size, "characters of a built-in corpus", 1000, std::int64_t{1} << 32},
      {"tokenizer", tokenizer, "how text becomes tokens", tokenizer_kinds()},
      {"val_fraction", val_fraction, "share of the text, its end, that validates", 0.0001, 0.9},
  };
}

double Corpus::bits_per_character(double nats_per_token) const {
  return nats_per_token / std::log(2.0) * static_cast<double>(val.size()) / val_characters;
}

std::string read_text(const std::string& path, index_t builtin_size, std::uint64_t seed) {
  return read_all(path, builtin_size, seed).bytes;
}

Corpus load_corpus(const DataConfig& config, std::uint64_t seed, index_t block_size,
                   std::shared_ptr<const Tokenizer> tokenizer) {
  ensure(!tokenizer || tokenizer->state().kind == config.tokenizer, "data.tokenizer = ", config.tokenizer,
         ": the model was trained with ", tokenizer ? tokenizer->state().kind : "", "; leave it so");
  const Text source = read_all(config.path, config.size, seed);
  const std::string_view text = source.bytes;
  Corpus corpus;
  corpus.text_hash = fnv1a(text);
  const std::size_t invalid = find_invalid_utf8(text);
  const bool utf8 = invalid == std::string::npos;
  ensure(utf8 || config.tokenizer != "char", "data.path: ", utf8 ? "" : source.place(invalid),
         " is not UTF-8; convert the text, or use data.tokenizer = byte");
  const std::size_t characters = utf8 ? count_characters(text) : text.size();
  const auto train_characters = static_cast<std::size_t>(static_cast<double>(characters) * (1 - config.val_fraction));
  const std::size_t cut = utf8 ? bytes_of(text, train_characters) : train_characters;
  corpus.val_characters = static_cast<double>(characters - train_characters);

  corpus.tokenizer = tokenizer ? std::move(tokenizer) : train_tokenizer(config.tokenizer, text);
  try {
    corpus.train = corpus.tokenizer->encode(text.substr(0, cut));
    corpus.val = corpus.tokenizer->encode(text.substr(cut));
  } catch (const Error& error) {
    const std::string where = "data.path: " + config.path + ": ";
    try {
      corpus.tokenizer->encode(text);  // from the start: the place that is named is then the text's, not the part's
    } catch (const Error& in_text) {
      throw Error(where + in_text.what());
    }
    throw Error(where + error.what());
  }
  const auto check = [&](const char* part, const std::vector<std::int32_t>& tokens) {
    ensure(static_cast<index_t>(tokens.size()) > block_size, "data.path: ", config.path, ": the ", part, " part has ",
           tokens.size(), " tokens, needs at least ", block_size + 1,
           " (model.block_size + 1); give more text or a smaller model.block_size");
  };
  check("training", corpus.train);
  check("validation", corpus.val);
  return corpus;
}

}  // namespace heddle
