#include "models/audio.h"

#include <cmath>
#include <numeric>

#include "models/classifier.h"

namespace heddle {
namespace {

/// Tokens [B, ceil(T / patch), patch F] of a batch's frames, 0 where there is padding, and which of them hold a frame.
struct Tokens {
  Tensor features, mask;
};

Tokens tokens_of(const Batch& batch, index_t patch) {
  const index_t rows = batch.rows(), frames = batch.features.size(1), width = batch.features.size(2);
  const index_t count = (frames + patch - 1) / patch;
  Tokens tokens{Tensor::zeros({rows, count, patch * width}), Tensor::zeros({rows, count})};
  const real *from = batch.features.data(), *mask = batch.mask.defined() ? batch.mask.data() : nullptr;
  real *features = tokens.features.mutable_data(), *holds = tokens.mask.mutable_data();
  for (index_t row = 0; row < rows; ++row) {
    for (index_t t = 0; t < frames; ++t, from += width) {
      if (mask != nullptr && mask[row * frames + t] == 0) continue;
      std::copy(from, from + width, features + (row * count * patch + t) * width);
      holds[row * count + t / patch] = 1;
    }
  }
  return tokens;
}

/// 1 / n for each of a row's n tokens, else 0: [B, 1, T].
Tensor shares_of(const Tensor& mask) {
  const index_t rows = mask.size(0), count = mask.size(1);
  Tensor shares({rows, 1, count});
  real* const to = shares.mutable_data();
  for (index_t row = 0; row < rows; ++row) {
    const real* const from = mask.data() + row * count;
    const real all = std::max(real{1}, std::accumulate(from, from + count, real{0}));
    for (index_t t = 0; t < count; ++t) to[row * count + t] = from[t] / all;
  }
  return shares;
}

}  // namespace

std::vector<Key> AudioConfig::keys() {
  std::vector<Key> all = transformer_keys();
  all.emplace_back("block_size", frames, "the most frames of a sound that the model sees; longer ones are cut", 1,
                   1 << 20);
  all.emplace_back("patch", patch, "frames side by side that make a token", 1, 1000);
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
  const TransformerOptions options = config.transformer_options();
  const index_t inputs = config.patch * data.features[1], tokens = (config.frames + config.patch - 1) / config.patch;
  // numbers of variance 1 are made such ones, as positions and blocks expect them
  projection = Linear(inputs, config.n_embd, config.bias, init, std::sqrt(1 / static_cast<double>(inputs)));
  position_embedding = PositionEmbedding(config.positions, tokens, config.n_embd, init, options.stddev());
  transformer = Transformer(options, init);
  classifier = Linear(config.n_embd, std::ssize(data.labels), true, init, options.stddev(), Role::table);
  for (const NamedParameter& p : heddle::named_parameters(transformer))
    block_weights_ += p.multiplied ? p.tensor.numel() : 0;
}

Tensor AudioTransformer::class_scores(const Batch& batch, Context& context) {
  const index_t frames = batch.features.size(1);
  ensure(frames <= config_.frames, "audio: ", frames, " frames exceed model.block_size = ", config_.frames);
  const Tokens tokens = tokens_of(batch, config_.patch);
  const Dropout dropout{config_.dropout};
  Tensor x = position_embedding.forward(projection.forward(tokens.features, context));
  x = dropout.forward(x, context);
  AttentionOptions options;
  options.key_mask = tokens.mask;
  x = transformer.forward(x, context, options);
  x = reshape(matmul(shares_of(tokens.mask), x), Shape{batch.rows(), config_.n_embd});
  return classifier.forward(dropout.forward(x, context), context);
}

Loss AudioTransformer::loss(const Batch& batch, index_t divisor, Context& context) {
  return class_loss(class_scores(batch, context), batch, divisor);
}

double AudioTransformer::flops(const Batch& batch) {
  const index_t tokens = (batch.features.size(1) + config_.patch - 1) / config_.patch;
  // frames need no gradient: a product and the weight's gradient
  const double of_token =
      transformer_flops(block_weights_, config_, tokens) + 4.0 * static_cast<double>(projection.weight.numel());
  const double of_row = 6.0 * static_cast<double>(classifier.weight.numel());
  return static_cast<double>(batch.rows()) * (static_cast<double>(tokens) * of_token + of_row);
}

}  // namespace heddle
