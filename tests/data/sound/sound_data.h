#pragma once

#include "data/sampler.h"
#include "data/sound/sound.h"
#include "tests/data/sound/sounds.h"

/// Sounds of tests as data.
namespace heddle {

using Catch::Matchers::Contains;

/// Raw frames of 10 samples at 1,000 a second, of files of a class each in their names.
inline SoundConfig raw_at(const std::string& path) {
  SoundConfig config;
  config.split.path = {path};
  config.split.val_files = {"*_val_*"};
  config.label = "{}_*.wav";
  config.sample_rate = 1000;
  config.frame_ms = 10;
  config.features = SoundFeatures::raw;
  return config;
}

/// The same of tones, in bands.
inline SoundConfig tones_at(const std::string& path) {
  SoundConfig config;
  config.split.path = {path};
  config.split.val_fraction = 0.25;
  config.label = "{}_*.wav";
  config.sample_rate = 8000;
  config.mels = 20;
  return config;
}

inline std::unique_ptr<Dataset> load(const SoundConfig& config, index_t block_size = 0,
                                     const DataState* known = nullptr) {
  LoadOptions options;
  options.block_size = block_size;
  options.known = known;
  return config.load(options);
}

inline Batch all_of(const Dataset& dataset, Split split) {
  return get_examples(dataset, split, 0, dataset.size(split));
}

inline std::vector<float> noise(std::size_t count, std::uint64_t seed) {
  std::vector<float> samples;
  for (std::size_t i = 0; i < count; ++i) samples.push_back(static_cast<float>(Rng(seed).uniform(i) - 0.5));
  return samples;
}

constexpr SoundForm kExact = {1000, 1, SF_FORMAT_WAV | SF_FORMAT_FLOAT};

/// Feature f of frame t of a row, before it was standardized.
inline double feature(const Dataset& dataset, const Batch& batch, index_t row, index_t t, index_t f) {
  const index_t frames = batch.features.size(1), width = batch.features.size(2);
  const auto at = static_cast<std::size_t>(f);
  return static_cast<double>(batch.features.data()[(row * frames + t) * width + f]) * dataset.state().deviation[at] +
         dataset.state().mean[at];
}

}  // namespace heddle
