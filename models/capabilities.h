#pragma once

#include <string>
#include <vector>

#include "framework/nn/attention.h"
#include "framework/nn/token_stream.h"
#include "models/model.h"

/// What only some models can do. A model that can, derives from the interface; who needs it asks by capability<T>().
namespace heddle {

/// Scores the next token of a text, so that it can write.
class NextToken {
 public:
  static constexpr const char* kWhat = "writes text";
  virtual ~NextToken() = default;
  /// Scores of the token after each position: inputs [B, T] -> [B, T, V], or [B, 1, V] where the context wants the last
  /// position alone; T at most context_size() less what the context's decode state holds.
  virtual Tensor logits(const IdTensor& inputs, Context& context) = 0;
  /// The longest input; kAnyLength: none is too long.
  virtual index_t context_size() const = 0;
};

/// Makes a text from another, token by token.
class Translator {
 public:
  static constexpr const char* kWhat = "translates";
  virtual ~Translator() = default;
  /// What the writing looks at: source [B, S], mask [B, S] with 0 where it is padding, undefined where nothing is. The
  /// context must have no decode state.
  virtual Memory encode(const IdTensor& source, const Tensor& mask, Context& context) = 0;
  /// Scores of the token after each position of a target that is begun: [B, T] -> [B, T, V], or [B, 1, V] where the
  /// context wants the last position alone. With a decode state the memory is needed for its first positions alone.
  virtual Tensor logits(const IdTensor& target, const Memory& memory, Context& context) = 0;
  /// The most tokens of either side.
  virtual index_t context_size() const = 0;
};

/// Scores classes.
class Classifier {
 public:
  static constexpr const char* kWhat = "classifies";
  virtual ~Classifier() = default;
  /// A score of each class for each row of the batch [B, K].
  virtual Tensor class_scores(const Batch& batch, Context& context) = 0;
};

/// Scores the tokens that may stand at a place, by what stands on both sides of it.
class TokenFiller {
 public:
  static constexpr const char* kWhat = "fills in words";
  virtual ~TokenFiller() = default;
  /// Scores of each token of the vocabulary at each of `places` [N] of the batch's inputs [B, T]: [N, V]. A place is
  /// counted through the rows: t of row b is b T + t.
  virtual Tensor token_scores(const Batch& batch, const IdTensor& places, Context& context) = 0;
  /// The longest input.
  virtual index_t context_size() const = 0;
};

/// Holds a vector for each token of its vocabulary.
class WordTable {
 public:
  static constexpr const char* kWhat = "has word vectors";
  virtual ~WordTable() = default;
  /// The input embedding [V, C].
  virtual Tensor token_vectors() = 0;
  /// A vector among those for a word that the vocabulary lacks; empty where nothing is known of its parts.
  virtual std::vector<real> vector_of(const std::string& /*word*/) const { return {}; }
};

/// Scores tokens, or reads them, by a transformer whose residual stream can be looked into.
class HasTokenStream {
 public:
  static constexpr const char* kWhat = "predicts tokens by a transformer";
  virtual ~HasTokenStream() = default;
  /// Its parts, which live as long as the model: that of the decoder where there are two; without a head where no
  /// tokens are scored.
  virtual TokenStream token_stream() const = 0;
};

/// The model as what it can do; null if it cannot.
template <class Capability>
Capability* find_capability(Model& model) {
  return dynamic_cast<Capability*>(&model);
}
/// The same. Errors: it cannot; `command` is what wanted it, `instead` says what to do.
template <class Capability>
Capability& capability(Model& model, const std::string& command, const std::string& instead) {
  auto* const found = find_capability<Capability>(model);
  ensure(found != nullptr, command, ": wants a model that ", Capability::kWhat, ", and this one does not; ", instead);
  return *found;
}

}  // namespace heddle
