#pragma once

#include "data/tokenizer/tokenizer.h"

namespace heddle {

/// A token for each distinct Unicode code point of the text, numbered in their order. Errors: text that is not UTF-8.
TokenizerState train_char_tokenizer(const TokenizerOptions& options, const ReadBlock& read);
std::unique_ptr<Tokenizer> make_char_tokenizer(const TokenizerState& state);

}  // namespace heddle
