#pragma once

#include "models/capabilities.h"
#include "models/transformer_config.h"

namespace heddle {

/// What of a row its class is told from: what leaves the first position; or the mean of what leaves all, which a small
/// model learns sooner (Reimers and Gurevych, "Sentence-BERT", 2019).
enum class Pooling { cls, mean };
constexpr auto names_of(Pooling) { return std::array{Named{Pooling::cls, "cls"}, Named{Pooling::mean, "mean"}}; }

/// Sizes of a BERT.
struct BertConfig final : ModelConfig, TransformerConfig {
  BertConfig() { norm_position = NormPosition::post; }
  std::int64_t context = 128;
  double classifier_dropout = 0.1;
  Pooling pooling = Pooling::cls;

  std::vector<Key> keys() override;
  index_t block_size() const override { return context; }
  std::unique_ptr<Model> build(const DataSpec& data, Initializer init) const override;
};

/// BERT's form (Devlin et al., "BERT: Pre-training of Deep Bidirectional Transformers for Language Understanding",
/// 2019): embeddings of tokens, positions and segments, summed and normalized, and an encoder whose every position sees
/// all that are no padding. Where the data has no classes, it fills in hidden tokens: a linear layer with gelu and a
/// norm, then scores by the token embedding and a bias. Where it has, it tells the class of a row: a linear layer with
/// tanh, the pooler, over what leaves the first position ([CLS]) or the mean of all, dropout, and scores. Both have the
/// rest under the same names, so that one can begin as the other ended.
class Bert final : public Model, public TokenFiller, public Classifier, public WordTable, public HasTokenStream {
 public:
  /// Errors: sizes that do not fit each other; data without a token, or of a single class.
  Bert(const BertConfig& config, const DataSpec& data, Initializer init);
  /// Errors: a model of classes.
  Tensor token_scores(const Batch& batch, const IdTensor& places, Context& context) override;
  index_t context_size() const override { return config_.context; }
  /// Errors: a model without classes.
  Tensor class_scores(const Batch& batch, Context& context) override;
  /// Of the hidden tokens: targets [B, T]; or of the classes: targets [B].
  Loss loss(const Batch& batch, index_t divisor, Context& context) override;
  std::vector<NamedParameter> named_parameters() override { return heddle::named_parameters(*this); }
  /// Of the encoder at every position, padding too, and of the head where it is asked: see transformer_flops.
  double flops(const Batch& batch) override;
  Tensor token_vectors() override { return token_embedding.weight.detach(); }
  TokenStream token_stream() const override;

  template <class Archive>
  void serialize(Archive& ar, unsigned) {
    ar& BOOST_SERIALIZATION_NVP(token_embedding) & BOOST_SERIALIZATION_NVP(position_embedding);
    ar& BOOST_SERIALIZATION_NVP(segment_embedding) & BOOST_SERIALIZATION_NVP(embedding_norm);
    transformer.serialize(ar, 0U);  // its blocks and norm stand beside the embeddings
    ar& BOOST_SERIALIZATION_NVP(transform) & BOOST_SERIALIZATION_NVP(transform_norm) & BOOST_SERIALIZATION_NVP(decoder);
    ar& BOOST_SERIALIZATION_NVP(pooler) & BOOST_SERIALIZATION_NVP(classifier);
  }
  Embedding token_embedding;
  PositionEmbedding position_embedding;
  Embedding segment_embedding;
  Norm embedding_norm;
  Transformer transformer;
  Linear transform;  ///< the head that fills in
  Norm transform_norm;
  Linear decoder;             ///< weight [V, C]: token_embedding's own
  Linear pooler, classifier;  ///< the head that tells classes

 private:
  /// What leaves the encoder [B T, C].
  Tensor hidden(const Batch& batch, Context& context);
  /// What of each row its class is told from [B, C].
  Tensor text_vectors(const Batch& batch, Context& context);
  /// What leaves it at some places, as the decoder takes it [N, C].
  Tensor transformed(const Batch& batch, const IdTensor& places, Context& context);

  BertConfig config_;
  bool classifies_;
  index_t encoder_parameters_ = 0;
  double head_flops_ = 0;  ///< of a target
};

}  // namespace heddle
