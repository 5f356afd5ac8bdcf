#pragma once

#include <memory>
#include <string>
#include <vector>

#include "data/tokenizer.h"
#include "framework/keys.h"

namespace heddle {

/// Where the data comes from.
struct DataConfig {
  std::string kind = "text", path = "builtin:kingdom", tokenizer = "char";
  std::int64_t size = 2000000;
  double val_fraction = 0.1;

  std::vector<Key> keys();
};

/// Text as tokens, in two parts: what a model is trained on and what it is judged by.
struct Corpus {
  std::shared_ptr<const Tokenizer> tokenizer;
  std::vector<std::int32_t> train, val;
  double val_characters = 0;    ///< of the validation part, in Unicode code points (bytes, if it is not UTF-8)
  std::uint64_t text_hash = 0;  ///< FNV-1a of the whole text: a resumed run checks that it is the same

  /// From nats a token to bits a character of the validation part: tokens / characters / ln 2.
  double bits_per_character(double nats_per_token) const;
};

/// The whole text at `path`: a file, a folder (every file in it and below, in the order of their paths, but for names
/// that begin with a dot; a line's end is put between files where there is none), or builtin:kingdom of `builtin_size`
/// characters. Errors: nothing there, nothing in it, what cannot be read, an unknown builtin.
std::string read_text(const std::string& path, index_t builtin_size, std::uint64_t seed);

/// Reads, tokenizes and splits: the first 1 - val_fraction of the characters train, the rest validates. `tokenizer` is
/// the one to use, of the config's kind; none: one is trained on the text. Errors: those of reading; text that the
/// tokenizer cannot encode; a tokenizer of another kind; a part that holds no window of block_size tokens and the one
/// after it.
Corpus load_corpus(const DataConfig& config, std::uint64_t seed, index_t block_size,
                   std::shared_ptr<const Tokenizer> tokenizer = nullptr);

}  // namespace heddle
