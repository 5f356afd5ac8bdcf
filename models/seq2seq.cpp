#include "models/seq2seq.h"

#include <cmath>

namespace heddle {

std::vector<Key> Seq2SeqConfig::keys() {
  std::vector<Key> all = transformer_keys();
  all.emplace_back("block_size", context, "context: the most tokens of either side", 2, 1 << 20);
  all.emplace_back("tied", tied, "source, target and head share one table of tokens");
  all.emplace_back("label_smoothing", label_smoothing,
                   "share of the training targets' probability that all tokens get alike; validation has none", 0.0,
                   0.99);
  return all;
}

std::unique_ptr<Model> Seq2SeqConfig::build(const DataSpec& data, Initializer init) const {
  return std::make_unique<Seq2Seq>(*this, static_cast<index_t>(data.tokens.size()), init);
}

Seq2Seq::Seq2Seq(const Seq2SeqConfig& config, index_t vocab_size, Initializer init) : config_(config) {
  TransformerOptions options = config.transformer_options();
  // Multiplied by the root of the width, embeddings begin as large as the waves that are added to them.
  const double stddev = 1 / std::sqrt(static_cast<double>(config.n_embd));
  token_embedding = Embedding(vocab_size, config.n_embd, init, stddev);
  if (!config.tied) target_embedding = Embedding(vocab_size, config.n_embd, init, stddev);
  source_positions = PositionEmbedding(config.positions, config.context, config.n_embd, init, stddev);
  target_positions = PositionEmbedding(config.positions, config.context, config.n_embd, init, stddev);
  encoder = Transformer(options, init);
  options.cross_attention = true;
  decoder = Transformer(options, init);
  head = config.tied ? Linear(token_embedding) : Linear(config.n_embd, vocab_size, false, init, stddev, Role::table);
  double memory = 0;  // numbers that each source token is multiplied with for the decoder
  for (const Block& block : decoder.blocks) memory += static_cast<double>(block.cross_attention.kv.weight.numel());
  source_flops_ = 6 * (static_cast<double>(count_elements(heddle::named_parameters(encoder))) + memory);
  target_flops_ = 6 * (static_cast<double>(count_elements(heddle::named_parameters(decoder))) - memory +
                       static_cast<double>(head.weight.numel()));
}

Tensor Seq2Seq::embed(const Embedding& tokens, const PositionEmbedding& positions, const IdTensor& ids, index_t first,
                      Context& context) const {
  ensure(ids.ndim() == 2, "seq2seq: tokens ", ids.shape(), " must be [batch, time]");
  ensure(first + ids.size(1) <= config_.context, "seq2seq: ", first + ids.size(1), " positions exceed the context of ",
         config_.context);
  const Tensor scaled = tokens.forward(ids) * static_cast<real>(std::sqrt(static_cast<double>(config_.n_embd)));
  return Dropout{config_.dropout}.forward(positions.forward(scaled, first), context);
}

Memory Seq2Seq::encode(const IdTensor& source, const Tensor& mask, Context& context) {
  ensure(context.state == nullptr, "seq2seq: the encoder reads a source at once; it goes on from no decode state");
  const auto scope = context.enter("encoder");
  AttentionOptions options;
  options.key_mask = mask;
  return {encoder.forward(embed(token_embedding, source_positions, source, 0, context), context, options), mask};
}

Tensor Seq2Seq::decode(const IdTensor& target, const Memory& memory, Context& context) {
  const auto scope = context.enter("decoder");
  const index_t past = context.state != nullptr ? context.state->length() : 0;
  AttentionOptions options;
  options.causal = true;
  const Tensor x = embed(config_.tied ? token_embedding : target_embedding, target_positions, target, past, context);
  const Tensor y = decoder.forward(x, context, options, memory);
  if (context.state != nullptr) context.state->advance(target.size(1));
  return y;
}

Tensor Seq2Seq::logits(const IdTensor& target, const Memory& memory, Context& context) {
  Tensor x = decode(target, memory, context);
  if (context.last_only) x = slice(x, 1, target.size(1) - 1, target.size(1));
  return head.forward(x, context);
}

TokenStream Seq2Seq::token_stream() const {
  TokenStream stream{"decoder/", &decoder, config_.tied ? &token_embedding : &target_embedding};
  stream.token_scale = std::sqrt(static_cast<double>(config_.n_embd));
  stream.add_last_norm();
  stream.head.push_back({"head", nullptr, &head});
  return stream;
}

Loss Seq2Seq::loss(const Batch& batch, index_t divisor, Context& context) {
  const Memory memory = encode(batch.source, batch.source_mask, context);
  CrossEntropy options;
  options.divisor = divisor;
  options.precision = context.precision;
  if (context.training) options.label_smoothing = config_.label_smoothing;
  return {linear_cross_entropy(decode(batch.inputs, memory, context), head.weight, batch.targets, options),
          batch.count()};
}

double Seq2Seq::flops(const Batch& batch) {
  const auto source = static_cast<double>(batch.source.numel()), target = static_cast<double>(batch.inputs.numel());
  const auto seen_source = static_cast<double>(batch.source.size(1)), seen = static_cast<double>(batch.inputs.size(1));
  const double attention = 12 * static_cast<double>(config_.n_layer) * static_cast<double>(config_.n_embd);
  return source * (source_flops_ + attention * seen_source) +
         target * (target_flops_ + attention * (seen_source + seen));
}

}  // namespace heddle
