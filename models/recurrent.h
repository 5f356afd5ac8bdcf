#pragma once

#include "framework/nn/recurrent.h"
#include "models/capabilities.h"

namespace heddle {

/// Sizes of a recurrent language model.
struct RecurrentConfig final : ModelConfig {
  Cell cell = Cell::lstm;
  std::int64_t n_layer = 2, n_embd = 128, n_hidden = 0, context = 64;
  double dropout = 0, embedding_dropout = 0;
  bool tied = true;

  std::vector<Key> keys() override;
  index_t block_size() const override { return context; }
  std::unique_ptr<Model> build(const DataSpec& data, Initializer init) const override;
};

/// A language model of recurrent layers (Mikolov et al., "Recurrent neural network based language model", 2010; with
/// LSTMs Zaremba, Sutskever and Vinyals, 2014): token embeddings, the layers, and a head that scores every token of the
/// vocabulary. Where the head is the embedding (Press and Wolf, "Using the Output Embedding to Improve Language
/// Models", 2017) and the layers have another width, a projection leads to the embedding's.
///
/// Rows that go on from the step before (Batch::continues) begin with the states that those ended in, through which no
/// gradient goes: backpropagation is truncated to block_size steps (Williams and Peng, 1990).
class Recurrent final : public Model, public NextToken, public WordTable {
 public:
  Recurrent(const RecurrentConfig& config, index_t vocab_size, Initializer init);
  Tensor logits(const IdTensor& inputs, Context& context) override;
  Loss loss(const Batch& batch, index_t divisor, Context& context) override;
  std::vector<NamedParameter> named_parameters() override { return heddle::named_parameters(*this); }
  index_t context_size() const override { return kAnyLength; }
  /// Six for every element of a matrix and of the head's table.
  double flops(const Batch& batch) override;
  Tensor token_vectors() override { return token_embedding.weight.detach(); }

  template <class Archive>
  void serialize(Archive& ar, unsigned) {
    ar& BOOST_SERIALIZATION_NVP(token_embedding);
    stack.serialize(ar, 0U);  // its layers stand beside the embedding
    ar& BOOST_SERIALIZATION_NVP(projection) & BOOST_SERIALIZATION_NVP(head);
  }
  Embedding token_embedding;
  RecurrentStack stack;
  Linear projection;  ///< weight [n_embd, n_hidden], where tied and those differ
  Linear head;        ///< weight [V, ...]: token_embedding's own where tied

 private:
  /// What the head makes scores of.
  Tensor hidden(const IdTensor& inputs, Context& context);

  Dropout embedding_dropout_, dropout_;
  index_t block_size_ = 0;
  double token_flops_ = 0;
};

}  // namespace heddle
