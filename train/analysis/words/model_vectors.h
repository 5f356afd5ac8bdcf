#pragma once

#include <functional>

#include "data/text/text_source.h"
#include "data/tokenizer/tokenizer.h"
#include "data/vectors/word_vectors.h"
#include "models/capabilities.h"

namespace heddle {

/// A vector for each token of the vocabulary: the model's input embedding. <unk>, which stands for many words, has
/// none.
WordVectors token_vectors(WordTable& model, const Tokenizer& tokenizer);

/// A vector for each word of a text: the mean of the hidden states at the word's last token after
/// block `layer` (0: before the first block), over all places of the word in the first `bytes` bytes of `source`. Words
/// are runs of letters in lower case, whatever the model's tokens are, the most frequent first; those seen fewer than
/// `min_count` times are left out. Each place sees at least half of the model's context before it, where the text has
/// as much.
///
/// `progress` is called with the tokens that were read, and all. Errors: a model without hidden states, a layer
/// that it has not; those of reading and encoding the text.
WordVectors contextual_vectors(NextToken& model, const Tokenizer& tokenizer, index_t layer, TextSource& source,
                               index_t bytes, index_t min_count,
                               const std::function<void(index_t done, index_t of)>& progress = {});

}  // namespace heddle
