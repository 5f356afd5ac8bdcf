#include "data/tokenizer/file.h"

#include <algorithm>
#include <array>
#include <optional>

#include "data/io/file.h"
#include "data/io/utf8.h"
#include "data/tokenizer/split/splitter.h"

namespace heddle {
namespace {

namespace fs = std::filesystem;

constexpr const char* kForms =
    "a tokenizer.json, a .tiktoken file, or a folder with a tokenizer.json, with encoder.json and vocab.bpe or with "
    "vocab.json and merges.txt";

/// The names that GPT-2's two files have in a folder; nothing if it has none of them.
std::optional<std::pair<const char*, const char*>> gpt2_names(const fs::path& folder) {
  std::error_code error;
  for (const auto& names : {std::pair("encoder.json", "vocab.bpe"), std::pair("vocab.json", "merges.txt")}) {
    if (fs::exists(folder / names.first, error)) return names;
  }
  return {};
}

fs::path beside_ranks_path(fs::path path) { return path += ".json"; }

/// Adds the file's name to what goes wrong in `parse`.
template <class Parse>
TokenizerState parsed(const fs::path& path, const Parse& parse) {
  try {
    TokenizerState state = parse();
    make_tokenizer(state);  // finds what does not fit together
    return state;
  } catch (const Error& e) {
    std::string what = e.what();  // it may name a token that holds a line's end
    std::replace(what.begin(), what.end(), '\n', ' ');
    throw Error(concat_text("'", path.string(), "': ", what));
  }
}

}  // namespace

bool is_tokenizer_folder(const fs::path& path) {
  std::error_code error;
  if (fs::exists(path / "tokenizer.json", error)) return true;
  return gpt2_names(path).has_value();
}

TokenizerState read_tokenizer(const fs::path& path, const std::string& pattern, std::vector<std::string>* notices) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  ensure(fs::exists(status), "'", path.string(), "' does not exist; a tokenizer is ", kForms);
  const auto read = [&](const fs::path& file) { return read_file(file, Contents::text); };
  TokenizerState state;
  if (fs::is_directory(status)) {
    if (fs::exists(path / "tokenizer.json", error)) return read_tokenizer(path / "tokenizer.json", pattern, notices);
    const auto names = gpt2_names(path);
    ensure(names.has_value(), "'", path.string(), "' holds no tokenizer, which is ", kForms);
    state = parsed(path, [&] { return parse_gpt2(read(path / names->first), read(path / names->second)); });
    if (notices != nullptr && fs::exists(path / "added_tokens.json", error))
      notices->push_back("'" + (path / "added_tokens.json").string() +
                         "' is not read; a tokenizer.json would hold all");
  } else {
    ensure(fs::is_regular_file(status), "'", path.string(), "' is not a regular file");
    const auto names = gpt2_names(path.parent_path());
    ensure(!names || (path.filename() != names->first && path.filename() != names->second), "'", path.string(),
           "' is one of two files, ", names ? names->first : "", " and ", names ? names->second : "",
           ", that belong together; name their folder");
    const std::string text = read(path);
    const std::size_t first = text.find_first_not_of(" \t\r\n");
    if (first != text.npos && text[first] == '{') {
      state = parsed(path, [&] { return parse_tokenizer_json(text, notices); });
    } else {
      state = parsed(path, [&] { return parse_ranks(text, pattern == kAutoPattern ? "gpt2" : pattern); });
      const fs::path beside = beside_ranks_path(path);
      if (!fs::exists(beside, error)) {
        ensure(pattern != kAutoPattern, "'", path.string(), "' does not say how text is cut, and there is no ",
               beside.filename().string(), " beside it that does; name the pattern, with --pattern or data.pattern: ",
               "cl100k for cl100k_base and Llama 3, gpt2 for gpt2, r50k_base and p50k_base");
        return state;
      }
      state = parsed(beside, [&] {
        parse_beside_ranks(state, read(beside));
        return state;
      });
    }
  }
  ensure(pattern == kAutoPattern || pattern == state.pattern, "'", path.string(), "': the pattern ", pattern,
         " is asked for, but its own is ", pattern_summary(state), "; leave the pattern out");
  return state;
}

void check_tokenizer_path(const fs::path& path, const std::string& pattern) {
  std::error_code error;
  const bool folder = fs::is_directory(path, error);
  if (path.extension() == ".json" || path.extension() == ".tiktoken") {
    ensure(!folder, "'", path.string(), "' is a folder; name a file");
    return;
  }
  ensure(folder || !path.has_extension(), "'", path.string(),
         "': name a .json or a .tiktoken file, or a folder for GPT-2's two files");
  gpt2_encoder_json({"bpe", {}, pattern});  // refuses a pattern that it cannot hold
}

void write_tokenizer(const TokenizerState& state, const fs::path& path) {
  ensure(state.kind == "bpe", "'", path.string(), "': a ", state.kind,
         " tokenizer has no such file; it is kept in the checkpoints of its run");
  check_tokenizer_path(path, state.pattern);
  if (path.extension() == ".json") return write_file(path, tokenizer_json(state));
  if (path.extension() == ".tiktoken") {
    const std::string ranks = rank_lines(state), beside = beside_ranks(state);
    return write_files({{path, [&](std::ostream& out) { out << ranks; }},
                        {beside_ranks_path(path), [&](std::ostream& out) { out << beside; }}});
  }
  const std::string encoder = gpt2_encoder_json(state), merges = gpt2_vocab_bpe(state);
  std::error_code error;
  fs::create_directories(path, error);
  ensure(!error, "cannot write '", path.string(), "': ", error.message());
  write_files({{path / "vocab.bpe", [&](std::ostream& out) { out << merges; }},
               {path / "encoder.json", [&](std::ostream& out) { out << encoder; }}});
}

// --- bytes as printable characters ---

namespace {

/// For each byte its character: printable Latin-1 is itself, the others are 256, 257, ...
const std::array<char32_t, 256>& byte_characters() {
  static const auto table = [] {
    std::array<char32_t, 256> characters{};
    char32_t next = 256;
    for (char32_t byte = 0; byte < 256; ++byte) {
      const bool printable = (byte >= '!' && byte <= '~') || (byte >= 0xA1 && byte <= 0xAC) || byte >= 0xAE;
      characters[byte] = printable ? byte : next++;
    }
    return characters;
  }();
  return table;
}

}  // namespace

std::string printable_bytes(std::string_view bytes) {
  std::string text;
  for (const char byte : bytes) text += encode_utf8(byte_characters()[static_cast<unsigned char>(byte)]);
  return text;
}

std::string bytes_of_printable(std::string_view text) {
  static const auto bytes_by_character = [] {
    std::array<int, 512> bytes{};
    bytes.fill(-1);
    for (std::size_t byte = 0; byte < 256; ++byte) bytes[byte_characters()[byte]] = static_cast<int>(byte);
    return bytes;
  }();
  std::string bytes;
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint c = decode_utf8(text.substr(at));
    const int byte = c.length > 0 && c.value < bytes_by_character.size() ? bytes_by_character[c.value] : -1;
    ensure(byte >= 0, "token '", one_line(text),
           "' is not written in GPT-2's characters for bytes; is this byte-level BPE?");
    bytes += static_cast<char>(byte);
    at += c.length;
  }
  return bytes;
}

}  // namespace heddle
