#pragma once

#include <memory>
#include <string>
#include <vector>

#include "data/batch.h"
#include "framework/keys.h"
#include "framework/nn/context.h"
#include "framework/nn/module.h"

namespace heddle {

/// A part of the mean loss of a step: the sum of a batch's losses over the step's number of targets, and how many of
/// them the batch holds.
struct Loss {
  Tensor value;  ///< a scalar: sum of the losses / divisor, in nats
  index_t count = 0;
};

/// What a trainer asks of every model. What only some models can do is an interface of its own (capabilities.h).
class Model {
 public:
  virtual ~Model() = default;
  virtual std::vector<NamedParameter> named_parameters() = 0;
  /// The losses of a batch's targets, those of kIgnore left out, summed and divided by `divisor`: the number of targets
  /// of all micro-batches of a step. So the parts of a step add up to its mean loss, and their gradients to its
  /// gradient, however it was cut.
  virtual Loss loss(const Batch& batch, index_t divisor, Context& context) = 0;
  /// Floating-point operations of a training step with this batch: forward and backward, matrix products alone, as if
  /// no parameter were frozen.
  virtual double flops(const Batch& batch) = 0;
};

/// The sizes of one kind of model, as the config's [model] section gives them.
class ModelConfig {
 public:
  virtual ~ModelConfig() = default;
  virtual std::vector<Key> keys() = 0;
  /// The longest input, known before the model is built; 0 where the model takes what the data holds.
  virtual index_t block_size() const { return 0; }
  /// The model with what `init` gives its weights. Errors: sizes that do not fit each other, or the data.
  virtual std::unique_ptr<Model> build(const DataSpec& data, Initializer init) const = 0;
};

/// The mean of a model's losses over the targets of all batches that it is told of, in nats.
class MeanLoss {
 public:
  void add(Model& model, const Batch& batch, Context& context) {
    const index_t count = batch.count();
    if (count > 0) add(model.loss(batch, count, context).value.item() * static_cast<double>(count), count);
  }
  /// What was added elsewhere.
  void add(double nats, index_t count) {
    nats_ += nats;
    count_ += count;
  }
  double nats() const { return nats_; }
  index_t count() const { return count_; }
  /// Errors: no target counted; `unit` is what targets are called.
  double value(const char* unit) const {
    ensure(count_ > 0, "evaluation: there is no ", unit, " to predict; give more data");
    return nats_ / static_cast<double>(count_);
  }

 private:
  double nats_ = 0;
  index_t count_ = 0;
};

/// The matrices that a model multiplies with: an embedding's only where it is the head's too.
std::vector<Tensor> multiplied_weights(Model& model);

}  // namespace heddle
