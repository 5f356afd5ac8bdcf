#include "data/tokenizer_file.h"

#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>

#include "data/utf8.h"

namespace heddle {
namespace {

namespace fs = std::filesystem;

std::string read_file(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  ensure(in.good(), "'", path.string(), "' cannot be opened (", std::strerror(errno), ")");
  std::string text(std::istreambuf_iterator<char>(in), {});
  ensure(!in.bad(), "'", path.string(), "' cannot be read (", std::strerror(errno), ")");
  return text;
}

void write_file(const fs::path& path, const std::string& text) {
  const fs::path temporary = path.string() + ".tmp-" + std::to_string(::getpid());
  std::ofstream out(temporary, std::ios::binary);
  out << text;
  out.close();
  std::error_code error(errno, std::generic_category()), ignored;
  if (out.good()) fs::rename(temporary, path, error = {});
  if (!out.good() || error) {
    fs::remove(temporary, ignored);
    throw Error(concat_text("cannot write '", path.string(), "': ", error.message(),
                            "; choose a place that can be written to"));
  }
}

/// Adds the file's name to what goes wrong in `parse`.
template <class Parse>
TokenizerState parsed(const fs::path& path, const Parse& parse) {
  try {
    TokenizerState state = parse();
    make_tokenizer(state);  // finds what does not fit together
    return state;
  } catch (const Error& e) {
    throw Error(concat_text("'", path.string(), "': ", e.what()));
  }
}

}  // namespace

TokenizerState read_tokenizer(const fs::path& path, const std::string& pattern) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  ensure(fs::exists(status), "'", path.string(),
         "' does not exist; a tokenizer is a tokenizer.json, a .tiktoken file, ",
         "or a folder with encoder.json and vocab.bpe");
  if (fs::is_directory(status)) {
    return parsed(path, [&] { return parse_gpt2(read_file(path / "encoder.json"), read_file(path / "vocab.bpe")); });
  }
  ensure(fs::is_regular_file(status), "'", path.string(), "' is not a regular file");
  const std::string text = read_file(path);
  const std::size_t first = text.find_first_not_of(" \t\r\n\xEF\xBB\xBF");
  if (first != text.npos && text[first] == '{') return parsed(path, [&] { return parse_tokenizer_json(text); });
  return parsed(path, [&] { return parse_ranks(text, pattern); });
}

void write_tokenizer(const TokenizerState& state, const fs::path& path) {
  ensure(state.kind == "bpe", "'", path.string(), "': a ", state.kind,
         " tokenizer has no such file; it is kept in the checkpoints of its run");
  if (path.extension() == ".json") return write_file(path, tokenizer_json(state));
  if (path.extension() == ".tiktoken") return write_file(path, rank_lines(state));
  const std::string encoder = gpt2_encoder_json(state), merges = gpt2_vocab_bpe(state);
  std::error_code error;
  ensure(!path.has_extension() || fs::is_directory(path, error), "'", path.string(),
         "': name a .json or a .tiktoken file, or a folder for GPT-2's two files");
  fs::create_directories(path, error);
  ensure(!error, "cannot write '", path.string(), "': ", error.message());
  write_file(path / "vocab.bpe", merges);
  write_file(path / "encoder.json", encoder);
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
    ensure(byte >= 0, "token '", text, "' is not written in GPT-2's characters for bytes; is this byte-level BPE?");
    bytes += static_cast<char>(byte);
    at += c.length;
  }
  return bytes;
}

}  // namespace heddle
