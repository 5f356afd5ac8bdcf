#pragma once

#include <filesystem>
#include <functional>

#include "data/text/tokens.h"
#include "data/tokenizer/tokenizer.h"

namespace heddle {

/// A text as tokens, with what made them: the contents of a token file, /tokens, /tokenizer, /text_hash, /text_bytes,
/// /frequencies.
struct TokenText {
  TokenizerState tokenizer;
  std::uint64_t text_hash = 0;  ///< FNV-1a of the text's bytes
  std::uint64_t text_bytes = 0;
  std::vector<std::uint64_t> frequencies;  ///< how often each token stands there
  MappedNumbers tokens;                    ///< in the smallest type that holds the vocabulary

  template <class Archive>
  void serialize(Archive& ar, unsigned) {
    ar& BOOST_SERIALIZATION_NVP(tokenizer) & BOOST_SERIALIZATION_NVP(text_hash) & BOOST_SERIALIZATION_NVP(text_bytes);
    ar& BOOST_SERIALIZATION_NVP(frequencies) & BOOST_SERIALIZATION_NVP(tokens);
  }
};

/// Encodes a text of any size block by block, the parts of a block in parallel, and calls on_tokens(ids, text) for each
/// block. Errors: those of encode.
void for_tokens(const Tokenizer& tokenizer, const ReadBlock& read, Specials specials,
                const std::function<void(const std::vector<std::int32_t>& ids, std::string_view text)>& on_tokens);

/// Encodes a text with for_tokens. The tokens lie in a file without a name in `folder`, mapped; in memory where there
/// is no folder, or none that can be written to. `watch(bytes)` is told of the bytes that are done, now and then, and
/// may throw to stop. Errors: those of encode; no room for the tokens.
TokenText encode_text(const Tokenizer& tokenizer, const ReadBlock& read, Specials specials,
                      const std::filesystem::path& folder = {}, const std::function<void(std::uint64_t)>& watch = {});

/// Errors: as save_file.
void save_tokens(const std::filesystem::path& path, const TokenText& text);
/// Errors: as load_file; a token outside the vocabulary.
TokenText load_tokens(const std::filesystem::path& path);

}  // namespace heddle
