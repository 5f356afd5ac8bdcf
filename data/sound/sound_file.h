#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace heddle {

/// What a sound file holds.
struct Sound {
  std::int64_t rate = 0;       ///< samples a second
  std::int64_t channels = 1;   ///< of the file
  std::vector<float> samples;  ///< the mean of its channels; of files of whole numbers from -1 to below 1
  bool more = false;           ///< the file goes on behind them
};

/// Reads the first `seconds` of a sound, or all where it is shorter: WAV, FLAC, OGG and what else libsndfile knows,
/// plain or packed (see InputFile). Memory is that of what is really there, whatever a header says. Errors: those of
/// InputFile; a file that is no sound, is cut off or damaged, holds no samples, or one that is no number.
Sound read_sound(const std::string& path, double seconds);

}  // namespace heddle
