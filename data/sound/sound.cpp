#include "data/sound/sound.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <optional>

#include "data/classes.h"
#include "data/sound/log_mel.h"
#include "data/sound/resample.h"
#include "data/sound/sound_file.h"
#include "framework/format.h"
#include "framework/hash.h"
#include "framework/parallel.h"

namespace heddle {
namespace {

/// A sound as a model may be shown it.
struct Clip {
  std::vector<float> frames;  ///< [count, F]
  index_t count = 0;
  std::uint64_t hash = 0;  ///< of the file's samples
  bool resampled = false, mixed = false, cut = false, padded = false;
};

/// Sounds that something was done with: how many, and one of them.
struct Tally {
  std::size_t count = 0;
  std::string example;

  void add(bool done, const std::string& path) {
    if (done && count++ == 0) example = path;
  }
  void tell(std::vector<std::string>& notices, const std::string& what) const {
    if (count > 0)
      notices.push_back(
          fmt::format("{} of the sounds ({}) {}", human_count(static_cast<double>(count)), example, what));
  }
};

/// Makes clips of files; parts of it may be used by several threads.
class Reader {
 public:
  Reader(const SoundConfig& config, index_t most_frames)
      : config_(config), frame_(config.frame()), hop_(config.hop()), most_frames_(most_frames) {
    if (config.features == SoundFeatures::log_mel) log_mel_.emplace(config.sample_rate, frame_, config.mels);
  }

  index_t width() const { return log_mel_ ? log_mel_->bands() : frame_; }

  Clip read(const std::string& path) const {
    const index_t wanted = most_frames_ > 0 ? (most_frames_ - 1) * hop_ + frame_ : std::numeric_limits<index_t>::max();
    const Sound sound = read_sound(path, static_cast<double>(wanted) / static_cast<double>(config_.sample_rate));
    const std::vector<float> samples = resample(sound.samples, sound.rate, config_.sample_rate, "sound: " + path);
    const index_t count = std::ssize(samples);
    Clip clip;
    clip.hash = fnv1a({reinterpret_cast<const char*>(sound.samples.data()), sound.samples.size() * sizeof(float)});
    clip.resampled = sound.rate != config_.sample_rate;
    clip.mixed = sound.channels > 1;
    clip.padded = count < frame_;
    clip.count = 1 + (std::max<index_t>(0, count - frame_) + hop_ - 1) / hop_;
    clip.cut = sound.more;
    if (most_frames_ > 0 && clip.count > most_frames_) {
      clip.count = most_frames_;
      clip.cut = true;
    }
    clip.frames.resize(static_cast<std::size_t>(clip.count * frame_));
    for (index_t i = 0; i < clip.count; ++i)
      std::copy(samples.begin() + i * hop_, samples.begin() + std::min(count, i * hop_ + frame_),
                clip.frames.begin() + i * frame_);
    if (log_mel_) clip.frames = (*log_mel_)(clip.frames);
    if (config_.range > 0) {
      const float least =
          *std::max_element(clip.frames.begin(), clip.frames.end()) - static_cast<float>(config_.range * 0.23025851);
      for (float& x : clip.frames) x = std::max(x, least);
    }
    if (config_.clip_mean) subtract_mean(clip);
    return clip;
  }

 private:
  void subtract_mean(Clip& clip) const {
    const std::size_t features = static_cast<std::size_t>(width()), size = clip.frames.size();
    for (std::size_t f = 0; f < features; ++f) {
      double sum = 0;
      for (std::size_t i = f; i < size; i += features) sum += static_cast<double>(clip.frames[i]);
      const auto mean = static_cast<float>(sum / static_cast<double>(clip.count));
      for (std::size_t i = f; i < size; i += features) clip.frames[i] -= mean;
    }
  }

  const SoundConfig& config_;
  index_t frame_, hop_, most_frames_;
  std::optional<LogMel> log_mel_;
};

/// The clips of files, in their order, read by all threads. Errors: those of the first file that cannot be read.
std::vector<Clip> read_all(const Reader& reader, const std::vector<std::string>& paths, const Progress& progress) {
  constexpr std::size_t kTold = 64;  // files between reports
  std::uint64_t bytes = 0, done = 0;
  std::vector<std::uint64_t> sizes;
  for (const std::string& path : paths) {
    sizes.push_back(std::filesystem::file_size(path));
    bytes += sizes.back();
  }
  std::vector<Clip> clips(paths.size());
  std::vector<std::string> errors(paths.size());
  for (std::size_t first = 0; first < paths.size(); first += kTold) {
    const std::size_t last = std::min(paths.size(), first + kTold);
    parallel_for(static_cast<index_t>(last - first), 1, [&](index_t begin, index_t end) {
      for (auto i = first + static_cast<std::size_t>(begin); i < first + static_cast<std::size_t>(end); ++i) {
        try {
          clips[i] = reader.read(paths[i]);
        } catch (const Error& error) {
          errors[i] = error.what();
        }
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

class SoundDataset final : public Dataset {
 public:
  SoundDataset(std::vector<Clip> clips, Classes classes, const Ranges& ranges, DataState state, std::string what,
               std::vector<std::string> notices, const SoundAugment& changes, index_t most)
      : clips_(std::move(clips)),
        classes_(std::move(classes)),
        ranges_(ranges),
        state_(std::move(state)),
        what_(std::move(what)),
        notices_(std::move(notices)),
        changes_(changes),
        most_(most) {}
  void augment(Batch& batch, const Rng& rng) const override {
    changes_.apply(batch, rng, state_.mean, state_.deviation, most_);
  }

  index_t size(Split split) const override { return ranges_[static_cast<std::size_t>(split)].size(); }
  index_t length(Split split, index_t place) const override { return clips_[number(split, place)].count; }

  Batch get(Split split, std::span<const index_t> places) const override {
    const index_t rows = std::ssize(places), width = std::ssize(state_.mean);
    index_t longest = 0;
    for (const index_t place : places) longest = std::max(longest, length(split, place));
    Batch batch;
    batch.features = Tensor::zeros({rows, longest, width});
    batch.mask = Tensor::zeros({rows, longest});
    batch.targets = IdTensor({rows});
    real *features = batch.features.mutable_data(), *mask = batch.mask.mutable_data();
    for (index_t row = 0; row < rows; ++row, features += longest * width, mask += longest) {
      const std::size_t at = number(split, places[static_cast<std::size_t>(row)]);
      const std::vector<float>& frames = clips_[at].frames;
      for (std::size_t i = 0; i < frames.size(); ++i) {
        const std::size_t f = i % state_.mean.size();
        features[i] = static_cast<real>((static_cast<double>(frames[i]) - state_.mean[f]) / state_.deviation[f]);
      }
      std::fill_n(mask, clips_[at].count, real{1});
      batch.targets[row] = classes_.of_example[at];
    }
    return batch;
  }

  const DataState& state() const override { return state_; }
  std::uint64_t fingerprint() const override {
    std::uint64_t hash = fnv1a("");
    for (std::size_t i = 0; i < clips_.size(); ++i) {
      const std::string& name = classes_.names[static_cast<std::size_t>(classes_.of_example[i])];
      hash = fnv1a(name + '\n', fnv1a({reinterpret_cast<const char*>(&clips_[i].hash), sizeof clips_[i].hash}, hash));
    }
    return hash;
  }
  std::string describe() const override {
    index_t frames = 0, longest = 0;
    for (const Clip& clip : clips_) {
      frames += clip.count;
      longest = std::max(longest, clip.count);
    }
    return concat_text(what_, ", ", frames / std::ssize(clips_), " frames in the mean, ", longest, " at most; ",
                       state_.labels.size(), " classes; ",
                       describe_splits(size(Split::train), size(Split::val), size(Split::test)));
  }
  std::vector<std::string> notices() const override { return notices_; }

 private:
  std::size_t number(Split split, index_t place) const {
    return static_cast<std::size_t>(ranges_[static_cast<std::size_t>(split)].begin + place);
  }

  std::vector<Clip> clips_;
  Classes classes_;
  Ranges ranges_;
  DataState state_;
  std::string what_;
  std::vector<std::string> notices_;
  SoundAugment changes_;
  index_t most_;
};

/// Mean and deviation of each feature over the frames of the first `count` clips.
void measure(const std::vector<Clip>& clips, std::size_t count, std::size_t width, DataState& state) {
  double frames = 0;
  for (std::size_t c = 0; c < count; ++c) frames += static_cast<double>(clips[c].count);
  for (std::size_t f = 0; f < width; ++f) {
    const auto mean_of = [&](const auto& term) {
      double sum = 0;
      for (std::size_t c = 0; c < count; ++c) {
        for (std::size_t i = f; i < clips[c].frames.size(); i += width)
          sum += term(static_cast<double>(clips[c].frames[i]));
      }
      return sum / frames;
    };
    const double mean = mean_of([](double x) { return x; });
    const double deviation = std::sqrt(mean_of([&](double x) { return (x - mean) * (x - mean); }));
    state.mean.push_back(mean);
    state.deviation.push_back(deviation > 0 ? deviation : 1);
  }
}

index_t samples_of(double milliseconds, std::int64_t rate) {
  return std::max<index_t>(1, std::llround(milliseconds * static_cast<double>(rate) / 1000));
}

}  // namespace

index_t SoundConfig::frame() const { return samples_of(frame_ms, sample_rate); }
index_t SoundConfig::hop() const { return hop_ms > 0 ? samples_of(hop_ms, sample_rate) : frame(); }

std::vector<Key> SoundConfig::keys() {
  std::vector<Key> all = {
      {"label", label,
       "what tells a sound's class: folder: the name of its folder; else a pattern on its file's name with {} for the "
       "class, as {}_*.wav"},
      {"sample_rate", sample_rate, "samples a second; sounds of another rate are resampled", 1000, 400000},
      {"frame_ms", frame_ms, "length of a frame in milliseconds", 1.0, 1000.0},
      {"hop_ms", hop_ms, "from the beginning of a frame to that of the next; 0: frames touch", 0.0, 1000.0},
      {"features", features, "of a frame; log_mel: logarithms of its energy in bands; raw: its samples"},
      {"mels", mels, "bands of log_mel, evenly spaced on the mel scale", 1, 1000},
      {"clip_mean", clip_mean, "subtract each sound's own mean of each feature: its loudness and its microphone"},
      {"range", range, "r", 0.0, 200.0},
  };
  for (Key& key : changes.keys()) all.push_back(std::move(key));
  return all;
}

std::unique_ptr<Dataset> SoundConfig::load(const LoadOptions& options) const {
  auto files = split.files("sound");
  std::vector<std::string> shared;
  for (const std::size_t i : dealt_out(files[0].size())) shared.push_back(files[0][i]);
  files[0] = std::move(shared);
  std::vector<std::string> paths, class_of;
  for (const auto& part : files) paths.insert(paths.end(), part.begin(), part.end());
  for (const std::string& path : paths) {
    ensure(!path.starts_with("builtin:"), "sound: there is none built in (", path, "); give files or folders");
    class_of.push_back(class_from_path(path, label));
  }
  const Ranges ranges = split.ranges({std::ssize(files[0]), std::ssize(files[1]), std::ssize(files[2])});
  const std::string name = split.name();
  ensure_trainable(ranges, name, "sounds");
  Classes classes = number_classes(class_of, ranges, options.known, "sound", name);

  const Reader reader(*this, options.block_size);
  std::vector<Clip> clips = read_all(reader, paths, options.progress);

  const auto width = static_cast<std::size_t>(reader.width());
  DataState state;
  if (options.known != nullptr) {
    state = *options.known;
    ensure(state.features == std::vector<std::int64_t>{0, reader.width()}, "sound: ", name, " has frames of ", width,
           " numbers, and the model was trained on ", state.spec().features,
           " (0: any number of them); set data.features, data.mels, data.sample_rate and data.frame_ms as they were");
    ensure(state.mean.size() == width && state.deviation.size() == width, "sound: the model keeps ", state.mean.size(),
           " means and ", state.deviation.size(), " deviations for frames of ", width,
           " numbers; the checkpoint is damaged, or its data is of another kind");
  } else {
    state.features = {0, reader.width()};
    state.labels = classes.names;
    measure(clips, static_cast<std::size_t>(ranges[0].size()), width, state);
  }

  Tally resampled, mixed, cut, padded;
  for (std::size_t i = 0; i < clips.size(); ++i) {
    resampled.add(clips[i].resampled, paths[i]);
    mixed.add(clips[i].mixed, paths[i]);
    cut.add(clips[i].cut, paths[i]);
    padded.add(clips[i].padded, paths[i]);
  }
  std::vector<std::string> notices;
  resampled.tell(notices, concat_text("had another rate: resampled to ", sample_rate, " samples a second"));
  mixed.tell(notices, "had several channels: mixed to one");
  cut.tell(notices, options.block_size > 0
                        ? concat_text("had more than ", options.block_size, " frames (model.block_size): cut")
                        : "went on for very long: cut");
  padded.tell(notices, concat_text("had less than a frame of ", frame_ms, " ms: padded with silence"));
  const std::string what =
      fmt::format("{}, sounds of one channel at {} samples a second, frames of {} ms{}: {}", name, sample_rate,
                  frame_ms, hop_ms > 0 ? fmt::format(" every {} ms", hop_ms) : "",
                  features == SoundFeatures::log_mel ? fmt::format("log-mel energies of {} bands", mels)
                                                     : fmt::format("{} samples", width));
  return std::make_unique<SoundDataset>(std::move(clips), std::move(classes), ranges, std::move(state), what,
                                        std::move(notices), changes, options.block_size);
}

}  // namespace heddle
