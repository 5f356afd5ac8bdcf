#pragma once

#include "data/tokenizer.h"

namespace heddle {

/// Words: a token for each word that the text holds often enough, for punctuation marks and for the line's end; token 0
/// is <unk>, which stands for every other word. A word is a run of letters, digits and marks, with apostrophes inside;
/// any other character but white space is a token of its own. Decoding puts spaces where print would, so what spaces a
/// text had, and what <unk> was, is lost.
///
/// Training: the most frequent options.vocab_size - 1 tokens that are seen at least options.min_count times, the more
/// frequent first, then in the order of their bytes. Errors: a text without words.
TokenizerState train_word_tokenizer(const TokenizerOptions& options, const ReadBlock& read);
/// Errors: a first token that is not <unk>, two that are the same.
std::unique_ptr<Tokenizer> make_word_tokenizer(const TokenizerState& state);

}  // namespace heddle
