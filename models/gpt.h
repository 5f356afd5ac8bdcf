#pragma once

#include "models/capabilities.h"
#include "models/transformer_config.h"

namespace heddle {

/// Sizes of a GPT.
struct GPTConfig final : ModelConfig, TransformerConfig {
  std::int64_t context = 64;
  bool tied = true, embedding_norm = false;
  double logit_softcap = 0;

  std::vector<Key> keys() override;
  index_t block_size() const override { return context; }
  std::unique_ptr<Model> build(const DataSpec& data, Initializer init) const override;
};

/// GPT-2's form (Radford et al., "Language Models are Unsupervised Multitask Learners", 2019): token and learned
/// position embeddings, pre-norm blocks, a last norm, and a head that scores every token of the vocabulary. Beside
/// GPT-2's form there are options: rotary positions, QK-norm, key/value groups, RMSNorm, post-norm blocks (which need
/// no last norm), other activations and widths, a norm of the embeddings, a soft-cap on the logits.
///
/// Rotary positions, RMSNorm, SwiGLU of a given width, no biases and an untied head make Llama 2's form (Touvron et
/// al., "Llama 2", 2023); its larger models have groups. Rotary positions, QK-norm, RMSNorm without weights, of the
/// embeddings too, squared ReLU, no biases, an untied head and a soft-cap make nanochat's first one (Karpathy, 2025).
/// That turns queries and keys before it normalizes them, which is the same, as turning changes no length; and it turns
/// them the other way round, which is the same where the halves of each head's rows are exchanged.
class GPT final : public Model, public NextToken, public WordTable, public HasTokenStream {
 public:
  /// Errors: sizes that do not fit each other.
  GPT(const GPTConfig& config, index_t vocab_size, Initializer init);
  Tensor logits(const IdTensor& inputs, Context& context) override;
  Loss loss(const Batch& batch, index_t divisor, Context& context) override;
  std::vector<NamedParameter> named_parameters() override { return heddle::named_parameters(*this); }
  index_t context_size() const override { return config_.context; }
  /// See transformer_flops; embeddings count as parameters, as the tied head uses them.
  double flops(const Batch& batch) override;
  Tensor token_vectors() override { return token_embedding.weight.detach(); }
  TokenStream token_stream() const override;

  template <class Archive>
  void serialize(Archive& ar, unsigned) {
    ar& BOOST_SERIALIZATION_NVP(token_embedding) & BOOST_SERIALIZATION_NVP(position_embedding);
    ar& BOOST_SERIALIZATION_NVP(embedding_norm);
    transformer.serialize(ar, 0U);  // its blocks and norm stand beside the embeddings
    ar& BOOST_SERIALIZATION_NVP(head);
  }
  Embedding token_embedding;
  PositionEmbedding position_embedding;
  Norm embedding_norm;
  Transformer transformer;
  Linear head;  ///< weight [V, C]: token_embedding's own where tied

 private:
  /// What leaves the last norm [B, T, C], from which the head makes scores.
  Tensor hidden(const IdTensor& inputs, Context& context);

  GPTConfig config_;
  double token_flops_ = 0;
};

}  // namespace heddle
