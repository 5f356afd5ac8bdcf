#include "models/gpt.h"

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
      {"activation", activation, "of the MLP; gelu: GPT-2's tanh form"},
      {"positions", positions,
       "learned: an embedding of each position; rotary: rotary position embeddings (RoPE), queries and keys turned"},
      {"rotary_base", rotary_base, "RoPE: base of the rates; larger: slower turns", 1.0, 1e12},
      {"qk_norm", qk_norm, "normalize queries and keys, head by head"},
      {"n_kv_head", n_kv_head, "grouped-query attention: groups of heads that share keys and values; 0: n_head", 0,
       1000},
      {"mlp_width", mlp_width, "width inside the MLP; 0: 4 n_embd, with swiglu 8/3 n_embd", 0, 1000000},
      {"norm", norm, "layer: LayerNorm; rms: RMSNorm, which has no bias"},
      {"norm_position", norm_position, "pre: norms before attention and MLP, and a last one; post: after their sums"},
  };
}

std::unique_ptr<Model> GPTConfig::build(const DataSpec& data, Initializer init) const {
  return std::make_unique<GPT>(*this, static_cast<index_t>(data.tokens.size()), init);
}

GPT::GPT(const GPTConfig& config, index_t vocab_size, Initializer init) : config_(config) {
  const index_t groups = config.n_kv_head > 0 ? config.n_kv_head : config.n_head;
  ensure(config.n_embd % config.n_head == 0, "model.n_head = ", config.n_head,
         " does not divide model.n_embd = ", config.n_embd, "; choose a width that is a multiple of the heads");
  ensure(config.n_head % groups == 0, "model.n_kv_head = ", groups, " does not divide model.n_head = ", config.n_head,
         "; choose a divisor, or 0 for as many as heads");
  TransformerOptions options{config.n_layer, config.n_head, groups, config.n_embd};
  options.bias = config.bias;
  options.dropout = config.dropout;
  options.activation = config.activation;
  if (config.mlp_width > 0) options.mlp_width = config.mlp_width;
  options.qk_norm = config.qk_norm;
  if (config.positions == Positions::rotary) options.rotary = config.rotary_base;
  options.norm.kind = config.norm;
  options.norm.bias = config.bias;
  options.norm_position = config.norm_position;
  token_embedding = Embedding(vocab_size, config.n_embd, init, options.stddev());
  if (config.positions == Positions::learned)
    position_embedding = Embedding(config.context, config.n_embd, init, options.stddev());
  for (index_t i = 0; i < config.n_layer; ++i) blocks.emplace_back(options, init);
  if (config.norm_position == NormPosition::pre) norm = Norm(config.n_embd, options.norm, init);
  head = config.tied ? Linear(token_embedding)
                     : Linear(config.n_embd, vocab_size, false, init, options.stddev(), Role::table);
  token_flops_ = 6 * static_cast<double>(count_elements(named_parameters())) +
                 12 * static_cast<double>(config.n_layer) * static_cast<double>(config.n_embd) *
                     static_cast<double>(config.context);
}

Tensor GPT::hidden(const IdTensor& inputs, Context& context) {
  ensure(inputs.ndim() == 2, "gpt: inputs ", inputs.shape(), " must be [batch, time]");
  const index_t time = inputs.size(1), past = context.state != nullptr ? context.state->length() : 0;
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
  x = context.pass("hidden_states/0", x);
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    const auto run = [&block = blocks[i], options, part = context.part("blocks", i)](const std::vector<Tensor>& input) {
      Context again = part;
      return block.forward(input[0], again, options);
    };
    x = context.recompute && context.capture == nullptr ? recomputed({x}, run) : run({x});
    if (context.capture != nullptr) x = context.pass(concat_text("hidden_states/", i + 1), x);
  }
  if (context.state != nullptr) context.state->advance(time);
  return config_.norm_position == NormPosition::pre ? norm.forward(x) : x;
}

Tensor GPT::logits(const IdTensor& inputs, Context& context) {
  Tensor x = hidden(inputs, context);
  if (context.last_only) x = slice(x, 1, inputs.size(1) - 1, inputs.size(1));
  return head.forward(x, context);
}

Loss GPT::loss(const Batch& batch, index_t divisor, Context& context) {
  CrossEntropy options;
  options.divisor = divisor;
  options.precision = context.precision;
  return {linear_cross_entropy(hidden(batch.inputs, context), head.weight, batch.targets, options), batch.count()};
}

double GPT::flops(const Batch& batch) { return static_cast<double>(batch.inputs.numel()) * token_flops_; }

}  // namespace heddle
