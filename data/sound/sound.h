#pragma once

#include "data/dataset.h"
#include "data/sound/augment.h"

namespace heddle {

/// What is told of a frame of sound: the energies of its bands (see LogMel), or its samples.
enum class SoundFeatures { log_mel, raw };
constexpr auto names_of(SoundFeatures) {
  return std::array{Named{SoundFeatures::log_mel, "log_mel"}, Named{SoundFeatures::raw, "raw"}};
}

/// What is taken away from each sound by itself before all are standardized: nothing; each feature's mean over its
/// frames, which is its loudness and its microphone (Atal, "Effectiveness of linear prediction characteristics of the
/// speech wave for automatic speaker identification and verification", 1974); or its deviation as well, in which noise
/// shows (Viikki and Laurila, "Cepstral domain segmental feature vector normalization for noise robust speech
/// recognition", 1998).
enum class ClipNorm { none, mean, mean_deviation };
constexpr auto names_of(ClipNorm) {
  return std::array{Named{ClipNorm::none, "none"}, Named{ClipNorm::mean, "mean"},
                    Named{ClipNorm::mean_deviation, "mean_deviation"}};
}

/// The [data] section of sounds, a file each, of classes that their folders or names tell (see class_from_path).
struct SoundConfig final : DataConfig {
  std::string label = "folder";
  std::int64_t sample_rate = 16000;
  double frame_ms = 20, hop_ms = 0;
  SoundFeatures features = SoundFeatures::log_mel;
  std::int64_t mels = 40;
  ClipNorm clip_norm = ClipNorm::none;
  SoundAugment augment;

  /// Samples of a frame, and from the beginning of one to that of the next.
  index_t frame() const;
  index_t hop() const;

  std::vector<Key> keys() override;
  /// Channels are mixed to one and resampled to sample_rate. A sound of n samples has 1 + ceil(max(0, n - frame) / hop)
  /// frames, at most options.block_size (0: any), the last of them with zeros behind the sound's end. Features are
  /// standardized: (x - mean) / deviation over the frames of the training sounds. Files of `path` share it out in the
  /// order of dealt_out. Batches have features [B, T, F], T the most frames of a row and 0 where a row has no more,
  /// and a mask [B, T] that says where. Errors: those of reading; a split without a sound; a sound whose class is not
  /// known; bands that are too narrow for the frames.
  std::unique_ptr<Dataset> load(const LoadOptions& options) const override;
  /// Errors: those of reading; frames of other sizes than those that the model was trained on.
  Examples examples(const std::vector<std::string>& files, const std::vector<std::string>& texts,
                    const LoadOptions& options) const override;
};

}  // namespace heddle
