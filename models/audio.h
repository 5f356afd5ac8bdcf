#pragma once

#include "framework/nn/conv.h"
#include "models/capabilities.h"
#include "models/transformer_config.h"

namespace heddle {

/// Sizes of a transformer of sounds.
struct AudioConfig final : ModelConfig, TransformerConfig {
  std::int64_t frames = 128;
  std::vector<std::string> channels{};

  std::vector<Key> keys() override;
  index_t block_size() const override { return frames; }
  std::unique_ptr<Model> build(const DataSpec& data, Initializer init) const override;
};

/// A transformer that tells the class of a sound of any length. Frames are tokens, or, where channels are given, go as
/// an image of one channel, times by features, through stages of a 3 x 3 convolution, relu, and the largest of each 2 x
/// 2, which do not mind small shifts in time and pitch: then 2^stages frames are a token. A linear layer brings a
/// token's numbers to the model's width, positions are added, and blocks look both ways, not at padding; the mean of
/// the tokens that are no padding is scored. So spectrograms are read by Gong, Chung and Glass ("AST: Audio Spectrogram
/// Transformer", 2021), and convolutions set before a transformer by Mohamed, Okhonko and Zettlemoyer ("Transformers
/// with convolutional context for ASR", 2019).
class AudioTransformer final : public Model, public Classifier {
 public:
  /// Errors: sizes that do not fit each other; data without frames or without two classes.
  AudioTransformer(const AudioConfig& config, const DataSpec& data, Initializer init);
  /// Of features [B, T, F] and their mask [B, T]; a token that holds no frame of its row is padding. Errors: more
  /// frames than the model has positions for.
  Tensor class_scores(const Batch& batch, Context& context) override;
  Loss loss(const Batch& batch, index_t divisor, Context& context) override;
  std::vector<NamedParameter> named_parameters() override { return heddle::named_parameters(*this); }
  double flops(const Batch& batch) override;

  template <class Archive>
  void serialize(Archive& ar, unsigned) {
    ar& BOOST_SERIALIZATION_NVP(stages) & BOOST_SERIALIZATION_NVP(projection);
    ar& BOOST_SERIALIZATION_NVP(position_embedding);
    transformer.serialize(ar, 0U);  // its blocks and norm stand beside the others
    ar& BOOST_SERIALIZATION_NVP(classifier);
  }
  std::vector<Conv2d> stages;
  Linear projection;  ///< of a token's numbers: channel by channel, from the lowest feature up
  PositionEmbedding position_embedding;
  Transformer transformer;
  Linear classifier;

 private:
  index_t frames_of_token() const { return index_t{1} << stages.size(); }

  AudioConfig config_;
  double frame_flops_ = 0, token_flops_ = 0;  ///< of stages; of all behind them but for attention
};

}  // namespace heddle
