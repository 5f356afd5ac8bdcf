#include "data/sound/sound.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "data/classes.h"
#include "data/sound/clips.h"
#include "framework/format.h"
#include "framework/hash.h"

namespace heddle {
namespace {

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

class SoundDataset final : public Dataset {
 public:
  SoundDataset(std::vector<Clip> clips, Classes classes, const Ranges& ranges, DataState state, std::string what,
               std::vector<std::string> notices, const SoundAugment& augment, index_t most_frames)
      : clips_(std::move(clips)),
        classes_(std::move(classes)),
        ranges_(ranges),
        state_(std::move(state)),
        what_(std::move(what)),
        notices_(std::move(notices)),
        augment_(augment),
        most_frames_(most_frames) {}

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
      std::copy(clips_[at].frames.begin(), clips_[at].frames.end(), features);
      std::fill_n(mask, clips_[at].count, real{1});
      batch.targets[row] = classes_.of_example[at];
    }
    return batch;
  }

  void augment(Batch& batch, const Rng& rng) const override {
    augment_.apply(batch, rng, state_.mean, state_.deviation, most_frames_);
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

  std::vector<Clip> clips_;  ///< standardized
  Classes classes_;
  Ranges ranges_;
  DataState state_;
  std::string what_;
  std::vector<std::string> notices_;
  SoundAugment augment_;
  index_t most_frames_;
};

/// Tells what was done with clips that were not as they are to be.
void tell(const std::vector<Clip>& clips, const std::vector<std::string>& paths, const SoundConfig& config,
          index_t most_frames, std::vector<std::string>& notices) {
  Tally resampled, mixed, cut, padded;
  for (std::size_t i = 0; i < clips.size(); ++i) {
    resampled.add(clips[i].resampled, paths[i]);
    mixed.add(clips[i].mixed, paths[i]);
    cut.add(clips[i].cut, paths[i]);
    padded.add(clips[i].padded, paths[i]);
  }
  resampled.tell(notices, concat_text("had another rate: resampled to ", config.sample_rate, " samples a second"));
  mixed.tell(notices, "had several channels: mixed to one");
  cut.tell(notices, most_frames > 0 ? concat_text("had more than ", most_frames, " frames (model.block_size): cut")
                                    : "went on for very long: cut");
  padded.tell(notices, concat_text("had less than a frame of ", config.frame_ms, " ms: padded with silence"));
}

/// Errors: a model that was trained on frames of another kind.
void check_known(const DataState& known, index_t width, const std::string& name) {
  ensure(known.features == std::vector<std::int64_t>{0, width}, "sound: ", name, " has frames of ", width,
         " numbers, and the model was trained on ", known.spec().features,
         " (0: any number of them); set data.features, data.mels, data.sample_rate and data.frame_ms as they were");
  ensure(std::ssize(known.mean) == width && std::ssize(known.deviation) == width, "sound: the model keeps ",
         known.mean.size(), " means and ", known.deviation.size(), " deviations for frames of ", width,
         " numbers; the checkpoint is damaged, or its data is of another kind");
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
      {"clip_norm", clip_norm,
       "taken from each sound by itself; mean: each feature's over its frames, so its loudness and its microphone; "
       "mean_deviation: its deviation too"},
  };
  for (Key& key : augment.keys()) all.push_back(std::move(key));
  return all;
}

std::unique_ptr<Dataset> SoundConfig::load(const LoadOptions& options) const {
  ensure(features == SoundFeatures::log_mel || !augment.changes(),
         "data.features = raw: data.speed, warp, gain, crop, mask_bands and mask_frames change energies of "
         "bands; set them to 0, or take log_mel");
  std::vector<std::string> notices;
  auto files = split.files("sound", notices);
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
  split.ensure_examples(ranges, "sounds");
  Classes classes = number_classes(class_of, ranges, options.known, "sound", name);

  const auto width = static_cast<std::size_t>(feature_width(*this));
  DataState state;
  if (options.known != nullptr) {
    state = *options.known;
    check_known(state, feature_width(*this), name);
  }
  std::vector<Clip> clips = read_clips(*this, paths, options.block_size, options.progress);
  if (options.known == nullptr) {
    state.features = {0, feature_width(*this)};
    state.labels = classes.names;
    if (!take_standardization(options, state)) {
      Moments moments = moments_of(clips.data(), static_cast<std::size_t>(ranges[0].size()), width);
      state.mean = std::move(moments.mean);
      state.deviation = std::move(moments.deviation);
    }
  }
  for (Clip& clip : clips) standardize(clip, state.mean, state.deviation);

  tell(clips, paths, *this, options.block_size, notices);
  const std::string what =
      fmt::format("{}, sounds of one channel at {} samples a second, frames of {} ms{}: {}", name, sample_rate,
                  frame_ms, hop_ms > 0 ? fmt::format(" every {} ms", hop_ms) : "",
                  features == SoundFeatures::log_mel ? fmt::format("log-mel energies of {} bands", mels)
                                                     : fmt::format("{} samples", width));
  return std::make_unique<SoundDataset>(std::move(clips), std::move(classes), ranges, std::move(state), what,
                                        std::move(notices), augment, options.block_size);
}

Examples SoundConfig::examples(const std::vector<std::string>& files, const std::vector<std::string>& texts,
                               const LoadOptions& options) const {
  ensure(texts.empty(), "sound: a text is no sound; give files");
  std::vector<std::string> notices;
  std::vector<std::string> paths = list_files(files, "sound", notices);
  const DataState& known = *options.known;
  check_known(known, feature_width(*this), files[0]);
  std::vector<Clip> clips = read_clips(*this, paths, options.block_size, options.progress);
  for (Clip& clip : clips) standardize(clip, known.mean, known.deviation);
  tell(clips, paths, *this, options.block_size, notices);
  const Ranges ranges = all_for_test(std::ssize(clips));
  Classes classes{known.labels, std::vector<std::int32_t>(clips.size())};
  return {std::move(paths), std::make_unique<SoundDataset>(std::move(clips), std::move(classes), ranges, known,
                                                           files[0], std::move(notices), augment, options.block_size)};
}

}  // namespace heddle
