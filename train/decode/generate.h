#pragma once

#include <functional>
#include <vector>

#include "data/tokenizer/tokenizer.h"
#include "models/capabilities.h"
#include "train/decode/sampling.h"

namespace heddle {

/// Called with each token as soon as it is chosen: the number of its prompt, and the token. False ends that prompt's
/// text.
using OnToken = std::function<bool(std::size_t prompt, std::int32_t id)>;

/// Continues each prompt (at least one token) by `count` tokens, all prompts together: each weight is read once for
/// all. Token i of prompt p takes random number i of seed + p, so a prompt's text is the one that it has alone with
/// that seed, up to the rounding of scores.
///
/// Positions are computed once and kept in a decode state; without `cached` every token is computed from the whole
/// window, which gives the same text, slowly. Past the model's context the window slides: the last half of it is kept
/// and goes on. Of a longer prompt the last block_size tokens are used.
void generate(NextToken& model, const std::vector<std::vector<std::int32_t>>& prompts, index_t count,
              const SamplingConfig& sampling, const OnToken& on_token, bool cached = true);

/// Rounds the matrices that the model multiplies with to bf16. Generation then reads half the bytes, for up to kFewRows
/// texts together; for more it reads the rounded numbers in full width, as it computes more than it reads.
void round_weights(Model& model);

/// What the model writes of itself, from a line's beginning, with seed 1 and the usual temperature.
std::string sample_text(NextToken& model, const Tokenizer& tokenizer, index_t count);

/// What a text begins with: its tokens, and what of them is to be shown.
struct Prompt {
  std::vector<std::int32_t> ids;
  std::string text;
};
/// An empty prompt, or one of blanks that are no tokens, begins as texts commonly do: with a line's end, which is not
/// shown; where the vocabulary has none with the token that was seen most often, or else the first. Errors: those of
/// encode; a text that holds no token.
Prompt encode_prompt(const Tokenizer& tokenizer, const std::string& prompt);

}  // namespace heddle
