#pragma once

#include <optional>
#include <string>
#include <vector>

#include "framework/nn/capture.h"
#include "framework/nn/token_stream.h"

namespace heddle {

struct ScoredToken {
  index_t token;
  double probability;
};
/// Where a token stands among all by its score; 1: first. Those alike stand in the order of their numbers.
struct TokenRank {
  index_t rank;
  double probability;
};

/// What the head makes of the stream as one block leaves it, as if it were the last.
struct LensLayer {
  std::vector<ScoredToken> top;   ///< falling
  TokenRank last;                 ///< of the token that the model itself comes to
  std::optional<TokenRank> next;  ///< of the token that is there in truth, where one is known
  double divergence;              ///< sum p ln(p / q) in nats, p after the last block and q here
};

/// The logit lens (nostalgebraist, "interpreting GPT: the logit lens", 2020) on a place of row 0: what goes into the
/// first block, then what each block leaves, each with the `count` likeliest tokens. `capture` kept the hidden states.
/// Errors: a stream without a head, a place that is not there.
std::vector<LensLayer> logit_lens(const TokenStream& stream, const Capture& capture, index_t place, index_t count,
                                  std::optional<index_t> next = {});

/// What one part adds to a logit.
struct Contribution {
  std::string part;             ///< by its path: "blocks/0/attention", "blocks/0/mlp", "norm/bias"; "embeddings"
  std::optional<index_t> head;  ///< of an attention
  double value;
};
/// A logit, before a soft-cap, as the sum of what parts of the model add to the stream at its place.
struct Attribution {
  index_t token;
  double logit;                     ///< as the model computes it
  std::vector<Contribution> parts;  ///< from the embeddings up
  double sum;                       ///< of all
};

/// Direct attribution of a token's logit at a place of row 0 (Elhage et al., 2021): each part's output times what the
/// head reads. Every norm on the way divides by what it divided by at this place, and an activation of the head
/// multiplies by what it multiplied with, so that all is linear and adds up. Biases of norms and of the head stand
/// apart; those of projections after attention too, those of an MLP belong to it. `capture` kept all that passed.
/// Errors: as logit_lens.
Attribution attribute(const TokenStream& stream, const Capture& capture, index_t place, index_t token);

}  // namespace heddle
