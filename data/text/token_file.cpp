#include "data/text/token_file.h"

#include <cstring>

#include "data/io/scratch.h"
#include "framework/hash.h"

namespace heddle {
namespace {

constexpr const char* kKind = "token file";
constexpr int kFormat = 5;

std::size_t bytes_a_token(std::int64_t vocabulary) { return vocabulary <= 256 ? 1 : vocabulary <= 65536 ? 2 : 4; }

}  // namespace

void for_tokens(const Tokenizer& tokenizer, const ReadBlock& read, Specials specials,
                const std::function<void(const std::vector<std::int32_t>&, std::string_view)>& on_tokens) {
  const auto find_cut = [&](std::string_view text, std::size_t from, std::size_t to) {
    return tokenizer.find_cut(text, from, to, specials);
  };
  for_blocks(read, tokenizer.lookahead(), find_cut,
             [&](std::string_view block, const std::vector<std::size_t>&, std::uint64_t begin) {
               on_tokens(tokenizer.encode(block, specials, begin), block);
             });
}

TokenText encode_text(const Tokenizer& tokenizer, const ReadBlock& read, Specials specials,
                      const std::filesystem::path& folder, const std::function<void(std::uint64_t)>& watch) {
  TokenText text;
  text.tokenizer = tokenizer.state();
  text.frequencies.resize(tokenizer.state().pieces.size());
  text.tokens.element_size = bytes_a_token(tokenizer.vocab_size());
  text.text_hash = fnv1a("");
  Scratch scratch(folder, "tokens");
  std::vector<std::byte> bytes;
  for_tokens(tokenizer, read, specials, [&](const std::vector<std::int32_t>& ids, std::string_view block) {
    const std::size_t size = text.tokens.element_size;
    bytes.resize(ids.size() * size);
    for (std::size_t i = 0; i < ids.size(); ++i) {
      ++text.frequencies[static_cast<std::size_t>(ids[i])];
      std::memcpy(bytes.data() + i * size, &ids[i], size);  // the low bytes come first
    }
    scratch.write(bytes.data(), bytes.size());
    text.tokens.count += ids.size();
    text.text_hash = fnv1a(block, text.text_hash);
    text.text_bytes += block.size();
    if (watch) watch(text.text_bytes);
  });
  text.tokens.data = scratch.map();
  return text;
}

void save_tokens(const std::filesystem::path& path, const TokenText& text) {
  save_file(path, kKind, kFormat, [&](Hdf5OArchive& archive) {
    auto& contents = const_cast<TokenText&>(text);  // one `serialize` reads and writes
    contents.serialize(archive, 0);
  });
}

TokenText load_tokens(const std::filesystem::path& path) {
  TokenText text;
  load_file(path, kKind, kFormat, [&](Hdf5IArchive& archive) { text.serialize(archive, 0); });
  const auto vocabulary = static_cast<index_t>(text.tokenizer.pieces.size());
  const index_t outside = Tokens(text.tokens).count_outside(vocabulary);
  ensure(outside == 0, "'", path.string(), "': ", outside, " tokens are outside the vocabulary of ", vocabulary,
         "; encode the text again");
  return text;
}

}  // namespace heddle
