#pragma once

#include "models/capabilities.h"
#include "models/transformer_config.h"

namespace heddle {

/// Sizes of a vision transformer.
struct ViTConfig final : ModelConfig, TransformerConfig {
  std::int64_t patch_size = 4;

  std::vector<Key> keys() override;
  std::unique_ptr<Model> build(const DataSpec& data, Initializer init) const override;
};

/// A transformer that tells the classes of images (Dosovitskiy et al., "An Image is Worth 16x16 Words", 2021): patches
/// of the image, row by row, become tokens by a linear layer; a learned class token stands before them, positions are
/// added, and the class is scored from what pre-norm blocks and a last norm make of the class token. Every token sees
/// every other.
class ViT final : public Model, public Classifier {
 public:
  /// Errors: sizes that do not fit each other; data without images or without two classes; patches that do not divide
  /// the images.
  ViT(const ViTConfig& config, const DataSpec& data, Initializer init);
  Tensor class_scores(const Batch& batch, Context& context) override;
  Loss loss(const Batch& batch, index_t divisor, Context& context) override;
  std::vector<NamedParameter> named_parameters() override { return heddle::named_parameters(*this); }
  double flops(const Batch& batch) override;

  template <class Archive>
  void serialize(Archive& ar, unsigned) {
    ar& BOOST_SERIALIZATION_NVP(patch_embedding) & BOOST_SERIALIZATION_NVP(class_token);
    ar& BOOST_SERIALIZATION_NVP(position_embedding);
    transformer.serialize(ar, 0U);  // its blocks and norm stand beside the embeddings
    ar& BOOST_SERIALIZATION_NVP(classifier);
  }
  Linear patch_embedding;  ///< weight [n_embd, channels * patch_size^2]: a patch's pixels lie channel by channel
  Embedding class_token;   ///< weight [1, n_embd]
  PositionEmbedding position_embedding;  ///< that of the class token first
  Transformer transformer;
  Linear classifier;

 private:
  index_t patch_size_;
  Dropout dropout_;
  double row_flops_ = 0;
};

}  // namespace heddle
