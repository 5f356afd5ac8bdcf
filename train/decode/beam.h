#pragma once

#include <cstdint>
#include <vector>

#include "framework/keys.h"
#include "models/capabilities.h"

namespace heddle {

/// How translations are searched for.
struct BeamConfig {
  std::int64_t beam = 5;
  double length_penalty = 0.6;

  std::vector<Key> keys();
};

/// A text that was found, without the tokens that begin and end it.
struct Hypothesis {
  std::vector<std::int32_t> tokens;
  double log_probability = 0;  ///< of the tokens and the end
  double score = 0;            ///< by which it was chosen: that, divided by the length penalty
};

/// The special tokens that begin and end what is written.
struct WritingEnds {
  std::int32_t begin, end;
};

/// The likeliest targets of several sources, by beam search: of each text the `beam` likeliest beginnings go on; one
/// that ends among the `beam` likeliest is set aside, and when as many have been, the best of them is the answer. The
/// best has the highest log-probability divided by ((5 + length) / 6)^length_penalty, the length with its end (Wu et
/// al., "Google's Neural Machine Translation System", 2016). A beam of 1 takes the likeliest token each time. A text
/// that reaches the model's context, or 50 tokens more than its source (as Vaswani et al., 2017), ends there. Of equals
/// the earlier beginning comes first, then the smaller token.
///
/// Sources are token ids, each at least one and at most the model's context. All are searched together, `rows`
/// beginnings at a time; each gets what it gets alone, up to the rounding of scores. Without `cached` every token is
/// computed from the whole beginning, which gives the same, slowly.
/// Errors: a source that is empty or too long, a score that is no number.
std::vector<Hypothesis> beam_search(Translator& model, const std::vector<std::vector<std::int32_t>>& sources,
                                    WritingEnds ends, const BeamConfig& config, Precision precision, index_t rows = 256,
                                    bool cached = true);

}  // namespace heddle
