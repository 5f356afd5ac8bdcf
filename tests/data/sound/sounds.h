#pragma once

#include <sndfile.h>

#include <catch2/catch.hpp>
#include <cmath>
#include <numbers>
#include <string>
#include <vector>

#include "tests/temporary_folder.h"

namespace heddle {

/// How a sound is written.
struct SoundForm {
  int rate = 8000, channels = 1, format = SF_FORMAT_WAV | SF_FORMAT_PCM_16;
};

/// Writes a sound file and returns its path; samples of several channels stand in turns.
inline std::string write_sound(const TemporaryFolder& folder, const std::string& name,
                               const std::vector<float>& samples, const SoundForm& form = {}) {
  const std::string path = folder.write(name, "");
  SF_INFO info{};
  info.samplerate = form.rate;
  info.channels = form.channels;
  info.format = form.format;
  SNDFILE* const file = sf_open(path.c_str(), SFM_WRITE, &info);
  REQUIRE(file != nullptr);
  const auto count = static_cast<sf_count_t>(samples.size());
  REQUIRE(sf_write_float(file, samples.data(), count) == count);
  sf_close(file);
  return path;
}

/// A tone of `hertz` for `count` samples.
inline std::vector<float> tone(double hertz, std::size_t count, int rate = 8000, double loudness = 0.5) {
  std::vector<float> samples;
  for (std::size_t i = 0; i < count; ++i)
    samples.push_back(static_cast<float>(
        loudness * std::sin(2 * std::numbers::pi * hertz * static_cast<double>(i) / static_cast<double>(rate))));
  return samples;
}

/// Writes `count` sounds of 3 classes, low, middle and high tones of many lengths, as CLASS_NUMBER.wav; returns their
/// folder.
inline std::string write_tones(const TemporaryFolder& folder, int count) {
  constexpr std::array<const char*, 3> kNames = {"low", "middle", "high"};
  for (int i = 0; i < count; ++i) {
    const auto is = static_cast<std::size_t>(i % 3);
    const double hertz = 300.0 * std::pow(2.2, static_cast<double>(is)) + 7 * (i % 11);
    write_sound(folder, std::string("tones/") + kNames[is] + "_" + std::to_string(i) + ".wav",
                tone(hertz, static_cast<std::size_t>(500 + 137 * (i * 5 % 13)), 8000, 0.1 + 0.05 * (i % 7)));
  }
  return folder.path("tones");
}

}  // namespace heddle
