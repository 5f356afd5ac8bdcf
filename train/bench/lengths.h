#pragma once

#include <string>
#include <vector>

#include "framework/keys.h"
#include "framework/parallel.h"

namespace heddle {

/// Speed of one config's model at one length of its context.
struct LengthSpeed {
  index_t length;      ///< tokens of a row, which training looks at together
  double step;         ///< seconds of a training step
  double step_tokens;  ///< in it
  double next_token;   ///< seconds that writing takes for a token when so many stand before it
  double train_a_token() const { return step / step_tokens; }
};
/// Of a config.
struct LengthSpeeds {
  std::string name;
  double parameters = 0;  ///< at the first length; learned positions add to them
  std::vector<LengthSpeed> at;
};

/// Measures each config at each length, in turns. A step has as many tokens at every length: those of the config's
/// batch, at least a row. Errors: a config without model.block_size, text that is too short.
std::vector<LengthSpeeds> measure_lengths(const std::vector<std::string>& configs,
                                          const std::vector<std::string>& assignments,
                                          const std::vector<index_t>& lengths, index_t steps);

/// Lengths from "64,128,...,4096": three dots go on as the two numbers before them do, by the same factor, or else by
/// the same difference. Errors (UsageError): anything else.
std::vector<index_t> parse_lengths(const std::string& text);

/// What `bench train` may be asked of lengths.
struct LengthOptions {
  std::string lengths, output;

  std::vector<Key> keys();
};
/// Measures and prints it, and draws the picture where that is asked for. Errors: as the above; an output that cannot
/// be written.
void compare_lengths(const std::vector<std::string>& configs, const std::vector<std::string>& assignments,
                     const LengthOptions& options, index_t steps, bool json);

}  // namespace heddle
