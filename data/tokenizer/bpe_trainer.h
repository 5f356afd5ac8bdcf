#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "data/io/text_parts.h"
#include "data/tokenizer/pretokenizer.h"
#include "data/tokenizer/tokenizer.h"

namespace heddle {

/// What a byte-pair vocabulary is to be.
struct BpeOptions {
  std::int64_t vocab_size = 4096;     ///< at most so many tokens: 256 bytes, merges, special tokens
  Pattern pattern = Pattern::gpt2;    ///< merges stay within the pieces of this
  std::vector<std::string> specials;  ///< tokens of their own, cut out of the text before it is counted
  std::int64_t min_count = 2;         ///< a pair that is seen less often is not merged
  std::int64_t max_token_length = 0;  ///< no token is longer than so many bytes; 0: any length
};

/// How far the training is.
struct BpeProgress {
  std::uint64_t bytes = 0;  ///< of text that were read
  std::int64_t pieces = 0;  ///< different pieces that were counted; 0 while text is still read
  std::int64_t tokens = 0;  ///< of the vocabulary so far
};

/// Byte-pair encoding (Sennrich et al., "Neural machine translation of rare words with subword units", 2016; Gage, "A
/// new algorithm for data compression", 1994) over bytes: the text is cut into pieces by the pattern, and the pair of
/// neighbouring tokens that is most frequent within them becomes a new token, again and again. Of pairs that are
/// equally frequent the one whose left token comes first in the order of bytes is merged, then the one whose right
/// token does. Counts have 64 bits.
///
/// The result depends on the text alone, not on threads or on how it is cut into blocks. Memory is some twenty bytes a
/// byte of different pieces, not of text. Tokens 0 .. 255 are the bytes, then come the merges in their order, then the
/// special tokens. Where the text has no more pairs that are frequent enough, there are fewer tokens than asked for.
///
/// `watch` is called now and then and may throw to stop the training. Errors: a vocabulary that does not hold 256 bytes
/// and the special tokens, or more than 2^20 tokens; a special token that is a single byte, given twice or not UTF-8;
/// an empty text; more than 4 GiB of different pieces.
TokenizerState train_bpe(const ReadBlock& read, const BpeOptions& options,
                         const std::function<void(const BpeProgress&)>& watch = {});

}  // namespace heddle
