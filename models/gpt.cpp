#include "models/gpt.h"

#include <map>
#include <numeric>

namespace heddle {

std::vector<Key> GPTConfig::keys() {
  return {
      {"n_layer", n_layer, "transformer blocks", 1, 1000},
      {"n_head", n_head, "attention heads a block; must divide n_embd", 1, 1000},
      {"n_embd", n_embd, "width of the residual stream", 1, 100000},
      {"block_size", context, "context: the most tokens the model sees at once", 1, 1 << 20},
      {"dropout", dropout, "share of activations dropped while training", 0.0, 0.99},
      {"bias", bias, "biases in linear layers and norms (GPT-2: true)"},
      {"tied", tied, "the head shares the token embedding's weights (GPT-2: true)"},
      {"activation",
       activation,
       "of the MLP; gelu: GPT-2's tanh form",
       {"gelu", "relu", "relu_squared", "silu", "swiglu"}},
      {"positions",
       positions,
       "how order is known: embeddings of positions, or turned queries and keys",
       {"learned", "rotary"}},
      {"qk_norm", qk_norm, "normalize queries and keys, head by head"},
  };
}

std::unique_ptr<Model> GPTConfig::build(const Vocabulary& vocabulary, const Rng& rng) const {
  return std::make_unique<GPT>(*this, static_cast<index_t>(vocabulary.pieces.size()), rng);
}

GPT::GPT(const GPTConfig& config, index_t vocab_size, const Rng& rng) : config_(config) {
  ensure(config.n_embd % config.n_head == 0, "model.n_head = ", config.n_head,
         " does not divide model.n_embd = ", config.n_embd, "; choose a width that is a multiple of the heads");
  Initializer init(rng);
  TransformerSizes sizes{config.n_layer, config.n_head, config.n_head, config.n_embd, config.bias, config.dropout};
  const std::map<std::string, Activation> activations = {{"gelu", Activation::gelu_tanh},
                                                         {"relu", Activation::relu},
                                                         {"relu_squared", Activation::relu_squared},
                                                         {"silu", Activation::silu},
                                                         {"swiglu", Activation::swiglu}};
  sizes.activation = activations.at(config.activation);
  sizes.qk_norm = config.qk_norm;
  sizes.rotary = config.positions == "rotary";
  token_embedding = Embedding(vocab_size, config.n_embd, init, sizes.stddev());
  if (!sizes.rotary) position_embedding = Embedding(config.context, config.n_embd, init, sizes.stddev());
  for (index_t i = 0; i < config.n_layer; ++i) blocks.emplace_back(sizes, init);
  norm = LayerNorm(config.n_embd, config.bias, init);
  if (config.tied) {
    head.weight = token_embedding.weight;
  } else {
    head = Linear(config.n_embd, vocab_size, false, init, sizes.stddev());
  }
}

Tensor GPT::hidden(const IdTensor& inputs, Context& context) {
  ensure(inputs.ndim() == 2, "gpt: inputs ", inputs.shape(), " must be [batch, time]");
  const index_t time = inputs.size(1), past = context.cache != nullptr ? context.cache->length : 0;
  ensure(past + time <= config_.context, "gpt: ", past + time, " positions exceed the context of ", config_.context);
  const Dropout embedding_dropout{config_.dropout};
  Tensor x = token_embedding.forward(inputs);
  if (position_embedding.weight.defined()) {
    IdTensor positions({time});
    std::iota(positions.data(), positions.data() + time, static_cast<IdTensor::value_type>(past));
    x = x + position_embedding.forward(positions);
  }
  x = embedding_dropout.forward(x, context);
  AttentionOptions options;
  options.causal = true;
  if (context.stream != nullptr) context.stream->push_back(x);
  for (const Block& block : blocks) {
    const auto run = [&block, options, part = context.of_part()](const Tensor& input) {
      Context again = part;
      return block.forward(input, again, options);
    };
    x = context.recompute ? recomputed(x, run) : run(x);
    if (context.stream != nullptr) context.stream->push_back(x);
  }
  if (context.cache != nullptr) context.cache->length += time;
  return norm.forward(x);
}

Tensor GPT::logits(const IdTensor& inputs, Context& context) {
  Tensor x = hidden(inputs, context);
  if (context.last_only) x = slice(x, 1, inputs.size(1) - 1, inputs.size(1));
  return head.forward(x);
}

Tensor GPT::loss(const Batch& batch, Context& context) {
  return linear_cross_entropy(hidden(batch.inputs, context), head.weight, batch.targets, kIgnore);
}

double GPT::flops_per_token() {
  const double width = static_cast<double>(config_.n_embd), depth = static_cast<double>(config_.n_layer);
  return 6 * static_cast<double>(count_elements(named_parameters())) +
         12 * depth * width * static_cast<double>(config_.context);
}

}  // namespace heddle
