#pragma once

#include <memory>
#include <string>
#include <vector>

#include "data/batch.h"
#include "framework/keys.h"
#include "framework/nn/module.h"

namespace heddle {

/// What a model may know of its tokens.
struct Vocabulary {
  std::vector<std::string> pieces;   ///< the bytes of each
  std::vector<std::int64_t> counts;  ///< how often each was seen, where the tokenizer counted; the first stands for all
                                     ///< words that are not in it
};

/// A loss that is easily reached, to compare with.
struct Yardstick {
  std::string name;
  double loss;
};

/// A sum of losses in nats, and how many they are.
struct LossSum {
  double nats = 0;
  index_t count = 0;
};

/// What a trainer asks of a model.
class Model {
 public:
  virtual ~Model() = default;
  /// Next-token scores: inputs [B, T] -> [B, T, V], or [B, 1, V] where the context wants the last position alone; T at
  /// most block_size() less what the context's cache holds.
  virtual Tensor logits(const IdTensor& inputs, Context& context) = 0;
  /// Mean loss a target, in nats: a scalar. Targets of kIgnore do not count.
  virtual Tensor loss(const Batch& batch, Context& context);
  /// The losses of a batch, of each target or of what else the model counts.
  virtual LossSum loss_sum(const Batch& batch, Context& context);
  virtual std::vector<NamedTensor> named_parameters() = 0;
  /// The longest input.
  virtual index_t block_size() const = 0;
  /// Floating-point operations of a training step for one token: forward and backward, matrix products alone.
  virtual double flops_per_token() = 0;
  /// The input embedding: a vector for each token of the vocabulary [V, C].
  virtual Tensor token_vectors() = 0;
  /// A vector among those for a word that the vocabulary lacks; empty where nothing is known of its parts.
  virtual std::vector<real> vector_of(const std::string& /*word*/) const { return {}; }
  /// Whether `logits` are there, so that it can write text, and counting text says how good its loss is.
  virtual bool predicts_next_token() const { return true; }
  /// Where it does not, what is known of its loss.
  virtual std::vector<Yardstick> yardsticks() const { return {}; }

  /// Whether no optimizer moves its weights, but update().
  virtual bool trains_itself() const { return false; }
  /// One step by the model's own rule; its mean loss before it. A pure function of the weights and the arguments.
  virtual double update(const Batch& batch, double lr, const Rng& rng);
  /// Bytes that steps take beside the weights, by what the largest batch so far took, of a step or a loss.
  virtual double working_bytes() const { return 0; }
};

/// The matrices that a model multiplies with: an embedding's only where it is the head's too.
std::vector<Tensor> multiplied_weights(Model& model);
/// Where products read rounded operands, keeps those matrices rounded, once for all.
void keep_rounded_weights(Model& model);

/// The sizes of one kind of model, as the config's [model] section gives them.
class ModelConfig {
 public:
  virtual ~ModelConfig() = default;
  virtual std::vector<Key> keys() = 0;
  /// The longest input, known before the model is built.
  virtual index_t block_size() const = 0;
  /// Errors: sizes that do not fit each other.
  virtual std::unique_ptr<Model> build(const Vocabulary& vocabulary, const Rng& rng) const = 0;
};

/// Names of all kinds of model, as `model.kind` takes them.
std::vector<std::string> model_kinds();
/// Errors: an unknown kind (the known ones are named).
std::unique_ptr<ModelConfig> make_model_config(const std::string& kind);

}  // namespace heddle
