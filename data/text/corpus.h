#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "data/text/token_file.h"
#include "data/tokenizer/tokenizer.h"
#include "framework/keys.h"

namespace heddle {

/// Where the data comes from.
struct DataConfig {
  std::string kind = "text", path = "builtin:kingdom", tokenizer = "char", tokenizer_file, pattern = "gpt2";
  std::int64_t size = 2000000, vocab_size = 4096, min_count = 2;
  double val_fraction = 0.1;

  std::vector<Key> keys();
};

/// Text as tokens, in two parts: what a model is trained on and what it is judged by.
struct Corpus {
  std::shared_ptr<const Tokenizer> tokenizer;
  Tokens train, val;
  std::uint64_t text_hash = 0;  ///< FNV-1a of the whole text: a resumed run checks that it is the same
  double val_characters = 0;    ///< Unicode code points of the validation part; NaN if its tokens do not tell
  double val_bytes = 0;
  TokenText text;    ///< all of it
  bool kept = true;  ///< the tokens are in a file already

  /// From nats a token to bits a character of the validation part: tokens / characters / ln 2.
  double bits_per_character(double nats_per_token) const;
  /// The same for bytes: what models of different tokenizers are compared by.
  double bits_per_byte(double nats_per_token) const;
  /// Writes the tokens of a text into `folder`, as tokens.h5, for the next load_corpus. Errors: as save_file.
  void keep_in(const std::filesystem::path& folder);
};

/// Told what is being done with a text, and how many of its bytes are done.
using Progress = std::function<void(const char* what, std::uint64_t bytes, std::uint64_t of)>;

/// The tokens at config.path: a token file; or a text (a file, a folder, builtin:kingdom, see TextSource), encoded with
/// `tokenizer`, or with the one in config.tokenizer_file, or with one that is trained on the text (a kind that can
/// encode what it has not seen learns from the training part alone). The first 1 - val_fraction of the tokens train,
/// the rest validates.
///
/// The tokens of a text are taken from tokens.h5 in folder `cache`, if they are there and text and tokenizer are still
/// the same. Errors: those of reading; text that the tokenizer cannot encode; a tokenizer of another kind than the
/// config's, or another than the token file's; a part that holds no window of block_size tokens and the one after it.
Corpus load_corpus(const DataConfig& config, std::uint64_t seed, std::int64_t block_size,
                   std::shared_ptr<const Tokenizer> tokenizer = nullptr, const std::filesystem::path& cache = {},
                   const Progress& progress = {});

}  // namespace heddle
