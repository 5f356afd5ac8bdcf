#pragma once

#include <array>

#include "framework/nn/transformer.h"
#include "models/capabilities.h"

namespace heddle {

/// How a model knows the order of its tokens: a learned embedding of each position, or queries and keys turned by their
/// positions (RoPE).
enum class Positions { learned, rotary };
constexpr auto names_of(Positions) {
  return std::array{Named{Positions::learned, "learned"}, Named{Positions::rotary, "rotary"}};
}

/// Sizes of a GPT.
struct GPTConfig final : ModelConfig {
  std::int64_t n_layer = 4, n_head = 4, n_embd = 128, context = 64;
  double dropout = 0;
  bool bias = true, tied = true;
  Activation activation = Activation::gelu_tanh;
  Positions positions = Positions::learned;
  double rotary_base = 10000;
  bool qk_norm = false;
  std::int64_t n_kv_head = 0, mlp_width = 0;
  NormKind norm = NormKind::layer;
  NormPosition norm_position = NormPosition::pre;

  std::vector<Key> keys() override;
  index_t block_size() const override { return context; }
  std::unique_ptr<Model> build(const DataSpec& data, Initializer init) const override;
};

/// GPT-2's form (Radford et al., "Language Models are Unsupervised Multitask Learners", 2019): token and learned
/// position embeddings, pre-norm blocks, a last norm, and a head that scores every token of the vocabulary. Beside
/// GPT-2's form there are options: rotary positions, QK-norm, key/value groups, RMSNorm, post-norm blocks (which need
/// no last norm), other activations and widths. With rotary, RMSNorm, SwiGLU and groups it is Llama's form (Touvron et
/// al., "LLaMA", 2023).
class GPT final : public Model, public NextToken, public WordTable {
 public:
  /// Errors: sizes that do not fit each other.
  GPT(const GPTConfig& config, index_t vocab_size, Initializer init);
  Tensor logits(const IdTensor& inputs, Context& context) override;
  Loss loss(const Batch& batch, index_t divisor, Context& context) override;
  std::vector<NamedParameter> named_parameters() override { return heddle::named_parameters(*this); }
  index_t context_size() const override { return config_.context; }
  /// A token takes 6 N + 12 L C T: six for every parameter (embeddings among them, as the tied head uses them), and the
  /// attention scores and sums, forward and backward (Chowdhery et al., "PaLM", 2022, appendix B).
  double flops(const Batch& batch) override;
  Tensor token_vectors() override { return token_embedding.weight.detach(); }

  template <class Archive>
  void serialize(Archive& ar, unsigned) {
    ar& BOOST_SERIALIZATION_NVP(token_embedding) & BOOST_SERIALIZATION_NVP(position_embedding);
    ar& BOOST_SERIALIZATION_NVP(blocks) & BOOST_SERIALIZATION_NVP(norm) & BOOST_SERIALIZATION_NVP(head);
  }
  Embedding token_embedding, position_embedding;
  std::vector<Block> blocks;
  Norm norm;    ///< of pre-norm blocks
  Linear head;  ///< weight [V, C]: token_embedding's own where tied

 private:
  /// What leaves the last norm [B, T, C], from which the head makes scores.
  Tensor hidden(const IdTensor& inputs, Context& context);

  GPTConfig config_;
  double token_flops_ = 0;
};

}  // namespace heddle
