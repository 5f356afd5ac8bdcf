#pragma once

#include "framework/nn/transformer.h"
#include "models/model.h"

namespace heddle {

/// Sizes of a GPT.
struct GPTConfig final : ModelConfig {
  std::int64_t n_layer = 4, n_head = 4, n_embd = 128, context = 64;
  double dropout = 0;
  bool bias = true, tied = true;
  std::string activation = "gelu", positions = "learned";
  bool qk_norm = false;

  std::vector<Key> keys() override;
  index_t block_size() const override { return context; }
  std::unique_ptr<Model> build(const Vocabulary& vocabulary, const Rng& rng) const override;
};

/// GPT-2's form (Radford et al., "Language Models are Unsupervised Multitask Learners", 2019): token and learned
/// position embeddings, pre-norm blocks, a last norm, and a head that scores every token of the vocabulary. Beside
/// GPT-2's form there are options that came later: rotary positions, QK-norm and other activations.
class GPT final : public Model {
 public:
  GPT(const GPTConfig& config, index_t vocab_size, const Rng& rng);
  Tensor logits(const IdTensor& inputs, Context& context) override;
  Tensor loss(const Batch& batch, Context& context) override;
  std::vector<NamedTensor> named_parameters() override { return heddle::named_parameters(*this); }
  index_t block_size() const override { return config_.context; }
  /// 6 N + 12 L C T: six for every parameter (embeddings among them, as the tied head uses them), and the attention
  /// scores and sums, forward and backward (Chowdhery et al., "PaLM", 2022, appendix B).
  double flops_per_token() override;
  Tensor token_vectors() override { return token_embedding.weight.detach(); }

  template <class Archive>
  void serialize(Archive& ar, unsigned) {
    ar& BOOST_SERIALIZATION_NVP(token_embedding) & BOOST_SERIALIZATION_NVP(position_embedding);
    ar& BOOST_SERIALIZATION_NVP(blocks) & BOOST_SERIALIZATION_NVP(norm) & BOOST_SERIALIZATION_NVP(head);
  }
  Embedding token_embedding, position_embedding;
  std::vector<Block> blocks;
  LayerNorm norm;
  Linear head;  ///< weight [V, C]: token_embedding's own where tied

 private:
  /// The last norm's result [B, T, C], from which the head makes scores.
  Tensor hidden(const IdTensor& inputs, Context& context);

  GPTConfig config_;
};

}  // namespace heddle
