#pragma once

#include "models/capabilities.h"
#include "models/transformer_config.h"

namespace heddle {

/// Sizes of a transformer with encoder and decoder. Defaults are the form of 2017.
struct Seq2SeqConfig final : ModelConfig, TransformerConfig {
  Seq2SeqConfig() {
    n_layer = 3;
    dropout = 0.1;
    activation = Activation::relu;
    positions = Positions::sinusoidal;
    norm_position = NormPosition::post;
  }
  std::int64_t context = 256;
  bool tied = true;
  double label_smoothing = 0.1;

  std::vector<Key> keys() override;
  index_t block_size() const override { return context; }
  std::unique_ptr<Model> build(const DataSpec& data, Initializer init) const override;
};

/// The transformer (Vaswani et al., "Attention Is All You Need", 2017): an encoder reads the source, every place seeing
/// every other; a decoder writes the target, each place seeing those before it and, by cross-attention, the encoder's
/// result. Embeddings, multiplied by the root of their width, and head share one table where tied. Beside that form
/// there are the options that every transformer here has: pre-norm, rotary positions, RMSNorm, ...
class Seq2Seq final : public Model, public Translator, public HasTokenStream {
 public:
  /// Errors: sizes that do not fit each other.
  Seq2Seq(const Seq2SeqConfig& config, index_t vocab_size, Initializer init);
  Memory encode(const IdTensor& source, const Tensor& mask, Context& context) override;
  Tensor logits(const IdTensor& target, const Memory& memory, Context& context) override;
  index_t context_size() const override { return config_.context; }
  TokenStream token_stream() const override;
  /// Targets are smoothed while training, not when the model is judged.
  Loss loss(const Batch& batch, index_t divisor, Context& context) override;
  std::vector<NamedParameter> named_parameters() override { return heddle::named_parameters(*this); }
  /// Six for every number that a token is multiplied with, and the attentions' scores and sums: padding counts, as it
  /// is computed.
  double flops(const Batch& batch) override;

  template <class Archive>
  void serialize(Archive& ar, unsigned) {
    ar& BOOST_SERIALIZATION_NVP(token_embedding) & BOOST_SERIALIZATION_NVP(target_embedding);
    ar& BOOST_SERIALIZATION_NVP(source_positions) & BOOST_SERIALIZATION_NVP(target_positions);
    ar& BOOST_SERIALIZATION_NVP(encoder) & BOOST_SERIALIZATION_NVP(decoder) & BOOST_SERIALIZATION_NVP(head);
  }
  Embedding token_embedding;   ///< of the source; where tied, of the target too
  Embedding target_embedding;  ///< where not
  PositionEmbedding source_positions, target_positions;
  Transformer encoder, decoder;
  Linear head;  ///< weight [V, C]: token_embedding's own where tied

 private:
  Tensor embed(const Embedding& tokens, const PositionEmbedding& positions, const IdTensor& ids, index_t first,
               Context& context) const;
  /// What leaves the decoder [B, T, C], from which the head makes scores.
  Tensor decode(const IdTensor& target, const Memory& memory, Context& context);

  Seq2SeqConfig config_;
  double source_flops_ = 0, target_flops_ = 0;  ///< of a token, by its products with weights
};

}  // namespace heddle
