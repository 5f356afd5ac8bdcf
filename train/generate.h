#pragma once

#include <functional>
#include <vector>

#include "data/tokenizer.h"
#include "models/model.h"
#include "train/sampling.h"

namespace heddle {

/// Continues `prompt` (at least one token) by `count` tokens, each given to `on_token` as soon as it is chosen, until
/// that returns false. Token i takes random number i of the seed, so the same seed gives the same text.
///
/// Positions are computed once and kept in a key/value cache; without `cached` every token is computed from the whole
/// window, which gives the same text, slowly. Past the model's context the window slides: the last half of it is kept
/// and goes on. Of a longer prompt the last block_size tokens are used.
void generate(Model& model, std::vector<std::int32_t> prompt, index_t count, const SamplingConfig& sampling,
              const std::function<bool(std::int32_t)>& on_token, bool cached = true);

/// What the model writes of itself, from a line's beginning, with seed 1 and the usual temperature.
std::string sample_text(Model& model, const Tokenizer& tokenizer, index_t count);

/// The tokens of a prompt; an empty one becomes a line's end, or token 0 where the vocabulary has none.
std::vector<std::int32_t> encode_prompt(const Tokenizer& tokenizer, const std::string& prompt);

}  // namespace heddle
