#pragma once

#include "models/capabilities.h"
#include "models/transformer_config.h"

namespace heddle {

/// Sizes of a transformer of sounds.
struct AudioConfig final : ModelConfig, TransformerConfig {
  std::int64_t frames = 128, patch = 1;

  std::vector<Key> keys() override;
  index_t block_size() const override { return frames; }
  std::unique_ptr<Model> build(const DataSpec& data, Initializer init) const override;
};

/// A transformer that tells the class of a sound of any length: `patch` frames side by side are a token, which a linear
/// layer brings to the model's width; positions are added, and blocks look both ways, not at padding; the mean of the
/// tokens that are no padding is scored. So patches of a spectrogram are read as Gong, Chung and Glass do it ("AST:
/// Audio Spectrogram Transformer", 2021), with patches as high as all bands.
class AudioTransformer final : public Model, public Classifier {
 public:
  /// Errors: sizes that do not fit each other; data without frames or without two classes.
  AudioTransformer(const AudioConfig& config, const DataSpec& data, Initializer init);
  /// Of features [B, T, F] and their mask [B, T]; a token that holds no frame of a row is padding. Errors: more frames
  /// than the model has positions for.
  Tensor class_scores(const Batch& batch, Context& context) override;
  Loss loss(const Batch& batch, index_t divisor, Context& context) override;
  std::vector<NamedParameter> named_parameters() override { return heddle::named_parameters(*this); }
  double flops(const Batch& batch) override;

  template <class Archive>
  void serialize(Archive& ar, unsigned) {
    ar& BOOST_SERIALIZATION_NVP(projection) & BOOST_SERIALIZATION_NVP(position_embedding);
    transformer.serialize(ar, 0U);  // its blocks and norm stand beside the others
    ar& BOOST_SERIALIZATION_NVP(classifier);
  }
  Linear projection;  ///< of a token's frames, one after another
  PositionEmbedding position_embedding;
  Transformer transformer;
  Linear classifier;

 private:
  AudioConfig config_;
  index_t block_weights_ = 0;  ///< that a token is multiplied with in the blocks
};

}  // namespace heddle
