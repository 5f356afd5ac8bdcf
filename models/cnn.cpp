#include "models/cnn.h"

#include "models/classifier.h"

namespace heddle {

std::vector<Key> CNNConfig::keys() {
  return {
      Key("channels", channels, "channels that each convolution makes, as 16, 32; the image is halved after each")
          .separated(),
      {"kernel", kernel, "height and width of the convolutions; an odd number", 1, 31},
      Key("hidden", hidden, "widths of the linear layers behind them, as 64; none: the scores follow at once")
          .separated(),
      {"dropout", dropout, "share of the linear layers' inputs dropped while training", 0.0, 0.99},
  };
}

std::unique_ptr<Model> CNNConfig::build(const DataSpec& data, Initializer init) const {
  return std::make_unique<CNN>(*this, data, init);
}

CNN::CNN(const CNNConfig& config, const DataSpec& data, Initializer init) : dropout_{config.dropout} {
  ensure(data.features.ndim() == 3 && data.features.numel() > 0 && data.labels.size() >= 2,
         "cnn: wants images [channels, height, width] of at least two classes; the data has rows of ", data.features,
         " and ", data.labels.size(), " classes");
  ensure(config.kernel % 2 == 1, "model.kernel = ", config.kernel, " is even; an odd one keeps the image's size");
  // A product, its weight's gradient and its input's; but for the first, since an image needs no gradient.
  const auto count = [&](double products) { row_flops_ += (row_flops_ == 0 ? 4 : 6) * products; };
  index_t channels = data.features[0], height = data.features[1], width = data.features[2];
  Conv2dOptions options;
  options.kernel = config.kernel;
  options.padding = config.kernel / 2;
  for (const index_t next : parse_widths(config.channels, "model.channels")) {
    ensure(height >= 2 && width >= 2, "model.channels: images of ", data.features[2], " x ", data.features[1],
           " cannot be halved ", stages.size() + 1, " times; list fewer");
    stages.emplace_back(channels, next, options, init);
    count(static_cast<double>(next * height * width) * static_cast<double>(channels * config.kernel * config.kernel));
    channels = next;
    height /= 2;
    width /= 2;
  }
  index_t inputs = channels * height * width;
  for (const index_t next : parse_widths(config.hidden, "model.hidden")) {
    layers.emplace_back(inputs, next, true, init, relu_stddev(inputs));
    count(static_cast<double>(inputs * next));
    inputs = next;
  }
  classifier = Linear(inputs, std::ssize(data.labels), true, init, relu_stddev(inputs), Role::table);
  count(static_cast<double>(inputs) * static_cast<double>(data.labels.size()));
}

Tensor CNN::class_scores(const Batch& batch, Context& context) {
  Tensor x = batch.features;
  for (const Conv2d& stage : stages) x = max_pool2d(stage.forward(x, context, Activation::relu), 2, 2);
  x = reshape(x, std::vector<index_t>{batch.rows(), -1});
  for (const Linear& layer : layers) x = layer.forward(dropout_.forward(x, context), context, Activation::relu);
  return classifier.forward(dropout_.forward(x, context), context);
}

Loss CNN::loss(const Batch& batch, index_t divisor, Context& context) {
  return class_loss(class_scores(batch, context), batch, divisor);
}

double CNN::flops(const Batch& batch) { return row_flops_ * static_cast<double>(batch.rows()); }

}  // namespace heddle
