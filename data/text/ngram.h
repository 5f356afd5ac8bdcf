#pragma once

#include "data/text/tokens.h"
#include "framework/tensor.h"

namespace heddle {

/// What counting alone predicts, in nats a token of the validation part.
struct NgramLosses {
  double uniform = 0;    ///< every token equally likely
  double unigram = 0;    ///< frequency alone
  double bigram = 0;     ///< given the token before
  double five_gram = 0;  ///< given the four tokens before
  index_t counted = 0;   ///< training tokens that were counted
  index_t judged = 0;    ///< validation tokens that the figures are of
};

/// Counts n-grams of `train` and predicts every token of `val` but the first. Each order is interpolated with the next
/// lower one, the lowest with the uniform distribution, by Witten and Bell's smoothing ("The zero-frequency problem",
/// IEEE Trans. Inf. Theory, 1991): P(w | h) = (c(h w) + t(h) P(w | h')) / (c(h) + t(h)), where t(h) is the number of
/// different tokens seen after h, and h' is h without its first token. Of long texts the last 2 million training and
/// 250,000 validation tokens are used. Errors: no training token, fewer than two validation tokens.
NgramLosses count_ngrams(const Tokens& train, const Tokens& val, index_t vocab_size);

}  // namespace heddle
