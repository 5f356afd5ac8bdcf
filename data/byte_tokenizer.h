#pragma once

#include "data/tokenizer.h"

namespace heddle {

/// A token for each of the 256 bytes, so any data can be read; `text` is not looked at.
std::unique_ptr<Tokenizer> train_byte_tokenizer(std::string_view text);
std::unique_ptr<Tokenizer> make_byte_tokenizer(const TokenizerState& state);

}  // namespace heddle
