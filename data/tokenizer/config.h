#pragma once

#include <memory>
#include <string>
#include <vector>

#include "data/tokenizer/tokenizer.h"
#include "framework/keys.h"

namespace heddle {

/// The keys that say how text becomes tokens, the same for every kind of data that is text.
struct TokenizerConfig : TokenizerOptions {
  std::string file;  ///< of a vocabulary; none: one is trained

  /// `kinds` of tokenizers are those that the data can be read with.
  std::vector<Key> keys(std::vector<std::string> kinds = tokenizer_kinds());
  /// The one in `file`; null where there is none, so that one is to be trained. What the file asks for in vain goes to
  /// `notices`. Errors: those of read_tokenizer; a kind
  /// that no file holds; a special token of these settings that is none of the file's.
  std::shared_ptr<const Tokenizer> from_file(std::vector<std::string>& notices) const;
  /// Tells in `notices` that the data is read with a tokenizer of another kind than these settings', and from where.
  void note_other_kind(const Tokenizer& used, const std::string& source, std::vector<std::string>& notices) const;
  /// The key of special tokens, for data that lets a config say them.
  Key special_tokens_key();
};

}  // namespace heddle
