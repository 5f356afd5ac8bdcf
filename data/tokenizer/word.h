#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "data/tokenizer/tokenizer.h"

namespace heddle {

/// Words: a token for each word that the text holds often enough; token 0 is <unk>, which stands for every other word.
///
/// word     A word is a run of letters, digits and marks, with apostrophes and joiners inside; any other character but
///          white space (but for the line's end) is a token of its own. Decoding puts spaces where print would.
/// letters  A word is a run of letters and their marks, with joiners inside, in lower case, and nothing else is seen:
///          what word vectors are trained on.
///
/// What spaces a text had, and what <unk> was, is lost.
///
/// Training: the most frequent options.vocab_size - 1 tokens that are seen at least options.min_count times, the more
/// frequent first, then in the order of their bytes; their counts are kept. Errors: a text without words, or none that
/// is seen so often.
TokenizerState train_word_tokenizer(const TokenizerOptions& options, const ReadBlock& read);
/// Errors: a first token that is not <unk>, two that are the same.
std::unique_ptr<Tokenizer> make_word_tokenizer(const TokenizerState& state);

/// Makes of a word that someone asks for what a tokenizer of any kind makes of a text's: with `letters` it is in lower
/// case. None: it stays as it is.
std::function<std::string(std::string_view)> word_reader(const TokenizerState& state);

}  // namespace heddle
