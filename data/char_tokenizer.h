#pragma once

#include "data/tokenizer.h"

namespace heddle {

/// A token for each distinct Unicode code point of `text`, numbered in their order. Errors: text that is not UTF-8.
std::unique_ptr<Tokenizer> train_char_tokenizer(std::string_view text);
std::unique_ptr<Tokenizer> make_char_tokenizer(const TokenizerState& state);

}  // namespace heddle
