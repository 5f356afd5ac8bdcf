#pragma once

#include "data/tokenizer/tokenizer.h"

namespace heddle {

/// Byte-pair encoding over bytes, as GPT-2 does it: text is cut by the pattern, each piece begins as its bytes, and of
/// the merges that apply to neighbours the earliest is done everywhere in the piece, until none applies. Any bytes can
/// be encoded, and decoding gives them back.
TokenizerState train_bpe_tokenizer(const TokenizerOptions& options, const ReadBlock& read);
/// Errors: a byte without a token, two tokens of the same bytes, a merge of or into what is not in the vocabulary, a
/// merge given twice, a special token that is not in the vocabulary or not UTF-8.
std::unique_ptr<Tokenizer> make_bpe_tokenizer(const TokenizerState& state);

/// The pieces that a text is cut into before merging, special tokens left out.
std::vector<std::string> bpe_pieces(const TokenizerState& state, std::string_view text);
/// How a piece is merged: its tokens before the first merge and after the merges of each rank that is done. In time
/// that grows as the square of its length: for showing.
std::vector<std::vector<std::int32_t>> bpe_steps(const TokenizerState& state, std::string_view piece);

}  // namespace heddle
