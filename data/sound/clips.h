#pragma once

#include <string>
#include <vector>

#include "data/sound/sound.h"

namespace heddle {

/// A sound as frames of features.
struct Clip {
  std::vector<float> frames;  ///< [count, F]
  index_t count = 0;
  std::uint64_t hash = 0;  ///< of the file's samples
  bool resampled = false, mixed = false, cut = false, padded = false;
};

/// How many numbers a frame has.
index_t feature_width(const SoundConfig& config);

/// The clips of files as `config` wants them, of at most `most_frames` frames (0: any), in the order of the files; read
/// by all threads. Errors: those of the first file that cannot be read; bands that are too narrow for the frames.
std::vector<Clip> read_clips(const SoundConfig& config, const std::vector<std::string>& paths, index_t most_frames,
                             const Progress& progress);

/// Mean and deviation of each of `width` features over all frames of clips; a deviation of 1 where all are alike.
struct Moments {
  std::vector<double> mean, deviation;
};
Moments moments_of(const Clip* clips, std::size_t count, std::size_t width);
/// (x - mean) / deviation of each feature.
void standardize(Clip& clip, const std::vector<double>& mean, const std::vector<double>& deviation);

}  // namespace heddle
