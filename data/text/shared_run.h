#pragma once

#include <span>

#include "data/text/tokens.h"

namespace heddle {

/// Tokens [begin, begin + length) of a sample.
struct SharedRun {
  std::size_t begin = 0, length = 0;
};

/// The longest run of tokens of `sample` that stands in `text` too; length 0 where they share no token. One walk over
/// the text through the sample's suffix automaton (Blumer et al., "The smallest automaton recognizing the subwords of a
/// text", 1985).
SharedRun longest_shared_run(std::span<const std::int32_t> sample, const Tokens& text);

}  // namespace heddle
