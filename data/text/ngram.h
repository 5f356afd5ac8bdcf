#pragma once

#include <array>

#include "data/dataset.h"
#include "data/text/kneser_ney.h"

namespace heddle {

/// What counting alone predicts, in nats a token of the validation part.
struct NgramLosses {
  double uniform = 0;                             ///< every token equally likely
  std::array<double, kNgramOrders> of_order{};    ///< [n - 1]: by n-grams, given the n - 1 tokens before
  std::array<Discounts, kNgramOrders> highest;    ///< [n - 1]: of n-grams' own counts
  std::array<Discounts, kNgramOrders - 1> lower;  ///< [n - 1]: of n-grams' continuation counts, in higher orders
  /// Whether discounts of n-grams, as the highest or as a lower order, are assumed.
  bool assumed(int n) const;
};

struct NgramOptions {
  std::size_t memory = 2'000'000'000;  ///< bytes to count in; of texts that need more, parts come in turn
  Progress progress{};
};

/// Counts the n-grams of `train` and predicts every token of `val` but the first, by interpolated modified Kneser-Ney
/// smoothing (Chen and Goodman, "An empirical study of smoothing techniques for language modeling", 1998):
///
///   P_n(w | h) = (max(c(h w) - D(c(h w)), 0) + (D_1 N_1(h) + D_2 N_2(h) + D_3 N_3+(h)) P_(n-1)(w | h')) / sum_v c(h v)
///
/// N_c(h) counts the tokens v with c(h v) = c, and h' is h without its first token; where nothing follows h in `train`,
/// P_n is P_(n-1). In the model of order n, c counts n-grams as they stand there; in the lower orders it is the
/// continuation count, of different tokens before the n-gram. P_0 is 1 / vocab_size. Each order has discounts of its
/// own, from all its counts of that sort.
///
/// The beginning of `train` counts as one more token before what stands there. What `val` predicts knows `val` alone: a
/// token with fewer than n - 1 before it is predicted by the model of the order that those allow.
///
/// Results have the same bits for any `options` and number of threads. Errors: no training token, fewer than two
/// validation tokens, a vocabulary above 2^20, a token outside it.
NgramLosses count_ngrams(const Tokens& train, const Tokens& val, index_t vocab_size, const NgramOptions& options = {});

}  // namespace heddle
