#include "data/sound/clips.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <limits>
#include <optional>

#include "data/sound/log_mel.h"
#include "data/sound/resample.h"
#include "data/sound/sound_file.h"
#include "framework/hash.h"

namespace heddle {
namespace {

/// Makes clips of files; several threads may use it at once.
class Reader {
 public:
  Reader(const SoundConfig& config, index_t most_frames)
      : config_(config), frame_(config.frame()), hop_(config.hop()), most_frames_(most_frames) {
    ensure(hop_ <= frame_, "data.hop_ms = ", config.hop_ms, " is more than data.frame_ms = ", config.frame_ms,
           ": what lies between frames would not be heard; choose a shorter hop");
    if (config.features == SoundFeatures::log_mel) log_mel_.emplace(config.sample_rate, frame_, config.mels);
  }

  Clip read(const std::string& path) const {
    const index_t wanted = most_frames_ > 0 ? (most_frames_ - 1) * hop_ + frame_ : std::numeric_limits<index_t>::max();
    const Sound sound = read_sound(path, static_cast<double>(wanted) / static_cast<double>(config_.sample_rate));
    const std::vector<float> samples = resample(sound.samples, sound.rate, config_.sample_rate, "sound: " + path);
    const index_t length = std::ssize(samples), frames = 1 + (std::max<index_t>(0, length - frame_) + hop_ - 1) / hop_;
    Clip clip;
    clip.count = most_frames_ > 0 ? std::min(frames, most_frames_) : frames;
    clip.hash = fnv1a({reinterpret_cast<const char*>(sound.samples.data()), sound.samples.size() * sizeof(float)});
    clip.resampled = sound.rate != config_.sample_rate;
    clip.mixed = sound.channels > 1;
    clip.cut = sound.more || clip.count < frames;
    clip.padded = length < frame_;
    clip.frames.resize(static_cast<std::size_t>(clip.count * frame_));
    for (index_t i = 0; i < clip.count; ++i)
      std::copy(samples.begin() + i * hop_, samples.begin() + std::min(length, i * hop_ + frame_),
                clip.frames.begin() + i * frame_);
    if (log_mel_) clip.frames = (*log_mel_)(clip.frames);
    if (config_.clip_norm != ClipNorm::none) {
      Moments own = moments_of(&clip, 1, clip.frames.size() / static_cast<std::size_t>(clip.count));
      if (config_.clip_norm == ClipNorm::mean) std::fill(own.deviation.begin(), own.deviation.end(), 1.0);
      standardize(clip, own.mean, own.deviation);
    }
    return clip;
  }

 private:
  const SoundConfig& config_;
  index_t frame_, hop_, most_frames_;
  std::optional<LogMel> log_mel_;
};

}  // namespace

index_t feature_width(const SoundConfig& config) {
  return config.features == SoundFeatures::log_mel ? config.mels : config.frame();
}

std::vector<Clip> read_clips(const SoundConfig& config, const std::vector<std::string>& paths, index_t most_frames,
                             const Progress& progress) {
  constexpr std::size_t kTold = 64;  // files between reports
  const Reader reader(config, most_frames);
  std::vector<std::uint64_t> sizes;
  std::uint64_t bytes = 0, done = 0;
  for (const std::string& path : paths) bytes += sizes.emplace_back(std::filesystem::file_size(path));
  std::vector<Clip> clips(paths.size());
  std::vector<std::string> errors(paths.size());
  for (std::size_t first = 0; first < paths.size(); first += kTold) {
    const std::size_t last = std::min(paths.size(), first + kTold);
    parallel_for(static_cast<index_t>(last - first), 1, [&](index_t begin, index_t) {
      const std::size_t i = first + static_cast<std::size_t>(begin);
      try {
        clips[i] = reader.read(paths[i]);
      } catch (const Error& error) {
        errors[i] = error.what();
      }
    });
    for (std::size_t i = first; i < last; ++i) {
      ensure(errors[i].empty(), errors[i]);
      done += sizes[i];
    }
    if (progress) progress("reading sounds", done, bytes);
  }
  return clips;
}

Moments moments_of(const Clip* clips, std::size_t count, std::size_t width) {
  double frames = 0;
  for (std::size_t c = 0; c < count; ++c) frames += static_cast<double>(clips[c].count);
  const auto mean_of = [&](const auto& term) {
    std::vector<double> sums(width);
    for (std::size_t c = 0; c < count; ++c) {
      for (std::size_t i = 0; i < clips[c].frames.size(); ++i)
        sums[i % width] += term(static_cast<double>(clips[c].frames[i]), i % width);
    }
    for (double& sum : sums) sum /= frames;
    return sums;
  };
  Moments moments;
  moments.mean = mean_of([](double x, std::size_t) { return x; });
  moments.deviation = mean_of([&](double x, std::size_t f) { return (x - moments.mean[f]) * (x - moments.mean[f]); });
  for (double& deviation : moments.deviation) deviation = deviation > 0 ? std::sqrt(deviation) : 1;
  return moments;
}

void standardize(Clip& clip, const std::vector<double>& mean, const std::vector<double>& deviation) {
  const std::size_t width = mean.size();
  for (std::size_t i = 0; i < clip.frames.size(); ++i)
    clip.frames[i] = static_cast<float>((static_cast<double>(clip.frames[i]) - mean[i % width]) / deviation[i % width]);
}

}  // namespace heddle
