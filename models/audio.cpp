#include "models/audio.h"

#include <cmath>
#include <numeric>

#include "models/classifier.h"

namespace heddle {
namespace {

/// Frames as images of one channel [B, 1, T, F], and which of them are no padding [B, T].
struct Frames {
  Tensor images, mask;
};

/// A batch's frames, 0 where there is padding, and more of it behind them until they are a multiple of `step`.
Frames frames_of(const Batch& batch, index_t step) {
  const index_t rows = batch.rows(), given = batch.features.size(1), width = batch.features.size(2);
  const index_t count = (given + step - 1) / step * step;
  Frames frames{Tensor::zeros({rows, 1, count, width}), Tensor::zeros({rows, count})};
  const real *from = batch.features.data(), *given_mask = batch.mask.defined() ? batch.mask.data() : nullptr;
  real *images = frames.images.mutable_data(), *mask = frames.mask.mutable_data();
  for (index_t row = 0; row < rows; ++row) {
    for (index_t t = 0; t < given; ++t, from += width) {
      if (given_mask != nullptr && given_mask[row * given + t] == 0) continue;
      std::copy(from, from + width, images + (row * count + t) * width);
      mask[row * count + t] = 1;
    }
  }
  return frames;
}

}  // namespace

std::vector<Key> AudioConfig::keys() {
  std::vector<Key> all = transformer_keys();
  all.emplace_back("block_size", frames, "the most frames of a sound that the model sees; longer ones are cut", 1,
                   1 << 20);
  all.push_back(Key("channels", channels,
                    "channels that each convolution in front makes, as 16, 32; frames are halved after each; none: "
                    "they are tokens")
                    .separated());
  return all;
}

std::unique_ptr<Model> AudioConfig::build(const DataSpec& data, Initializer init) const {
  return std::make_unique<AudioTransformer>(*this, data, init);
}

AudioTransformer::AudioTransformer(const AudioConfig& config, const DataSpec& data, Initializer init)
    : config_(config) {
  ensure(data.features.ndim() == 2 && data.features[0] == 0 && data.labels.size() >= 2,
         "audio: wants sounds [0: any number of frames, features] of at least two classes; the data has rows of ",
         data.features, " and ", data.labels.size(), " classes; choose another model.kind for this data");
  // A product, its weight's gradient and its input's; but for the first, since frames need no gradient.
  const auto products = [&](double count) { return (frame_flops_ == 0 ? 4 : 6) * count; };
  index_t made = 1, features = data.features[1];
  Conv2dOptions same_size;
  same_size.padding = same_size.kernel / 2;
  double share = 1;  // frames of a stage to those of the sound
  for (const index_t next : parse_widths(config.channels, "model.channels")) {
    ensure(features >= 2, "model.channels: frames of ", data.features[1], " numbers cannot be halved ",
           stages.size() + 1, " times; list fewer");
    stages.emplace_back(made, next, same_size, init);
    frame_flops_ += products(share * static_cast<double>(stages.back().weight.numel() * features));
    made = next;
    features /= 2;
    share /= 2;
  }
  const TransformerOptions options = config.transformer_options();
  const index_t inputs = made * features, tokens = (config.frames + frames_of_token() - 1) / frames_of_token();
  // numbers of variance 1 are made such ones, as positions and blocks expect them
  projection = Linear(inputs, config.n_embd, config.bias, init, std::sqrt(1 / static_cast<double>(inputs)));
  position_embedding = PositionEmbedding(config.positions, tokens, config.n_embd, init, options.stddev());
  transformer = Transformer(options, init);
  classifier = Linear(config.n_embd, std::ssize(data.labels), true, init, options.stddev(), Role::table);
  token_flops_ = products(static_cast<double>(projection.weight.numel()));
  for (const NamedParameter& p : heddle::named_parameters(transformer))
    token_flops_ += p.multiplied ? 6 * static_cast<double>(p.tensor.numel()) : 0;
}

Tensor AudioTransformer::class_scores(const Batch& batch, Context& context) {
  const index_t given = batch.features.size(1);
  ensure(given <= config_.frames, "audio: ", given, " frames exceed model.block_size = ", config_.frames);
  const Dropout dropout{config_.dropout};
  auto [x, mask] = frames_of(batch, frames_of_token());
  for (const Conv2d& stage : stages) {
    const index_t count = mask.size(1);
    // what a convolution makes of padding is 0, so that neither the largest nor the next one sees that it was there
    x = stage.forward(x, context, Activation::relu) * reshape(mask, Shape{batch.rows(), 1, count, 1});
    x = max_pool2d(x, 2, 2);
    mask = max(reshape(mask, Shape{batch.rows(), count / 2, 2}), {2});
  }
  x = reshape(permute(x, {0, 2, 1, 3}), std::vector<index_t>{batch.rows(), mask.size(1), -1});
  x = position_embedding.forward(projection.forward(dropout.forward(x, context), context));
  AttentionOptions options;
  options.key_mask = mask;
  x = transformer.forward(dropout.forward(x, context), context, options);
  x = mean_of_tokens(x, mask);
  return classifier.forward(dropout.forward(x, context), context);
}

Loss AudioTransformer::loss(const Batch& batch, index_t divisor, Context& context) {
  return class_loss(class_scores(batch, context), batch, divisor);
}

double AudioTransformer::flops(const Batch& batch) {
  const index_t tokens = (batch.features.size(1) + frames_of_token() - 1) / frames_of_token();
  const double frames = static_cast<double>(tokens * frames_of_token());
  const double of_token = token_flops_ + transformer_flops(0, config_, tokens);
  const double of_row = 6.0 * static_cast<double>(classifier.weight.numel());
  return static_cast<double>(batch.rows()) * (frames * frame_flops_ + static_cast<double>(tokens) * of_token + of_row);
}

}  // namespace heddle
