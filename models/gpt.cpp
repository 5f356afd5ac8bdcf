#include "models/gpt.h"

namespace heddle {

std::vector<Key> GPTConfig::keys() {
  std::vector<Key> all = transformer_keys();
  all.emplace_back("block_size", context, "context: the most tokens the model sees at once", 1, 1 << 20);
  all.emplace_back("tied", tied, "the head shares the token embedding's weights (GPT-2: true)");
  all.emplace_back("embedding_norm", embedding_norm, "normalize the embeddings before the first block");
  all.emplace_back("logit_softcap", logit_softcap,
                   "c: a logit z counts as c tanh(z / c), between -c and c (Gemma 2: 30, nanochat: 15); 0: as it is",
                   0.0, 1e6);
  return all;
}

std::unique_ptr<Model> GPTConfig::build(const DataSpec& data, Initializer init) const {
  return std::make_unique<GPT>(*this, static_cast<index_t>(data.tokens.size()), init);
}

GPT::GPT(const GPTConfig& config, index_t vocab_size, Initializer init) : config_(config) {
  const TransformerOptions options = config.transformer_options();
  token_embedding = Embedding(vocab_size, config.n_embd, init, options.stddev());
  position_embedding = PositionEmbedding(config.positions, config.context, config.n_embd, init, options.stddev());
  if (config.embedding_norm) embedding_norm = Norm(config.n_embd, options.norm, init);
  transformer = Transformer(options, init);
  head = config.tied ? Linear(token_embedding)
                     : Linear(config.n_embd, vocab_size, false, init, options.stddev(), Role::table);
  token_flops_ = transformer_flops(count_elements(named_parameters()), config, config.context);
}

Tensor GPT::hidden(const IdTensor& inputs, Context& context) {
  ensure(inputs.ndim() == 2, "gpt: inputs ", inputs.shape(), " must be [batch, time]");
  const index_t time = inputs.size(1), past = context.state != nullptr ? context.state->length() : 0;
  ensure(past + time <= config_.context, "gpt: ", past + time, " positions exceed the context of ", config_.context);
  const Dropout embedding_dropout{config_.dropout};
  Tensor x = position_embedding.forward(token_embedding.forward(inputs), past);
  if (config_.embedding_norm) x = embedding_norm.forward(x);
  x = embedding_dropout.forward(x, context);
  AttentionOptions options;
  options.causal = true;
  x = transformer.forward(x, context, options);
  if (context.state != nullptr) context.state->advance(time);
  return x;
}

Tensor GPT::logits(const IdTensor& inputs, Context& context) {
  Tensor x = hidden(inputs, context);
  if (context.last_only) x = slice(x, 1, inputs.size(1) - 1, inputs.size(1));
  x = head.forward(x, context);
  const auto cap = static_cast<real>(config_.logit_softcap);
  return cap > 0 ? tanh(x / cap) * cap : x;
}

TokenStream GPT::token_stream() const {
  TokenStream stream{"", &transformer, &token_embedding};
  if (config_.embedding_norm) stream.embedding_norm = &embedding_norm;
  stream.add_last_norm();
  stream.head.push_back({"head", nullptr, &head});
  stream.softcap = config_.logit_softcap;
  return stream;
}

Loss GPT::loss(const Batch& batch, index_t divisor, Context& context) {
  CrossEntropy options;
  options.divisor = divisor;
  options.precision = context.precision;
  options.softcap = config_.logit_softcap;
  return {linear_cross_entropy(hidden(batch.inputs, context), head.weight, batch.targets, options), batch.count()};
}

double GPT::flops(const Batch& batch) { return static_cast<double>(batch.inputs.numel()) * token_flops_; }

}  // namespace heddle
