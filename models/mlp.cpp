#include "models/mlp.h"

#include "models/classifier.h"

namespace heddle {

std::vector<Key> PerceptronConfig::keys() {
  return {
      Key("hidden", hidden, "widths of the hidden layers, as 128, 64; none: a perceptron").separated(),
      {"activation", activation, "of the hidden layers"},
      {"dropout", dropout, "share of hidden activations dropped while training", 0.0, 0.99},
  };
}

std::unique_ptr<Model> PerceptronConfig::build(const DataSpec& data, Initializer init) const {
  return std::make_unique<Perceptron>(*this, data, init);
}

Perceptron::Perceptron(const PerceptronConfig& config, const DataSpec& data, Initializer init)
    : activation_(config.activation), dropout_{config.dropout} {
  ensure(data.features.ndim() > 0 && data.features.numel() > 0 && data.labels.size() >= 2,
         "mlp: wants rows of as many numbers each, of at least two classes; the data has rows of ", data.features,
         " (0: of any length) and ", data.labels.size(), " classes; choose another model.kind for this data");
  ensure(activation_ != Activation::swiglu, "model.activation = swiglu: an mlp has no gates; choose another");
  index_t width = data.features.numel();
  for (const index_t next : parse_widths(config.hidden, "model.hidden")) {
    layers.emplace_back(width, next, true, init, relu_stddev(width));
    width = next;
  }
  classifier = Linear(width, std::ssize(data.labels), true, init, relu_stddev(width), Role::table);
  double weights = 0;
  for (const Tensor& weight : multiplied_weights(*this)) weights += static_cast<double>(weight.numel());
  const Linear& first = layers.empty() ? classifier : layers.front();  // what goes into it needs no gradient
  row_flops_ = 6 * weights - 2 * static_cast<double>(first.weight.numel());
}

Tensor Perceptron::class_scores(const Batch& batch, Context& context) {
  Tensor x = reshape(batch.features, std::vector<index_t>{batch.rows(), -1});
  for (const Linear& layer : layers) x = dropout_.forward(layer.forward(x, context, activation_), context);
  return classifier.forward(x, context);
}

Loss Perceptron::loss(const Batch& batch, index_t divisor, Context& context) {
  return class_loss(class_scores(batch, context), batch, divisor);
}

double Perceptron::flops(const Batch& batch) { return row_flops_ * static_cast<double>(batch.rows()); }

}  // namespace heddle
