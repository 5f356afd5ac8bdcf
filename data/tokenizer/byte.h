#pragma once

#include "data/tokenizer/tokenizer.h"

namespace heddle {

/// A token for each of the 256 bytes, so any data can be read; no text is looked at.
TokenizerState train_byte_tokenizer(const TokenizerOptions& options, const ReadBlock& read);
std::unique_ptr<Tokenizer> make_byte_tokenizer(const TokenizerState& state);

}  // namespace heddle
