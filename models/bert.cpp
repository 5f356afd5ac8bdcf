#include "models/bert.h"

#include "models/classifier.h"

namespace heddle {
namespace {

constexpr index_t kSegments = 2;

/// Rows of x [N, C]. (Ids that are rows of a table; here the table is what was computed.)
Tensor rows_of(const Tensor& x, const IdTensor& rows) { return embedding(rows, x); }

}  // namespace

std::vector<Key> BertConfig::keys() {
  std::vector<Key> all = transformer_keys();
  all.emplace_back("block_size", context, "context: the most tokens the model sees at once", 1, 1 << 20);
  all.emplace_back("classifier_dropout", classifier_dropout, "share of the class scores' inputs dropped while training",
                   0.0, 0.99);
  all.emplace_back(
      "pooling", pooling,
      "what of a text its class is told from; cls: the first place, as BERT; mean: the mean of all places");
  return all;
}

std::unique_ptr<Model> BertConfig::build(const DataSpec& data, Initializer init) const {
  return std::make_unique<Bert>(*this, data, init);
}

Bert::Bert(const BertConfig& config, const DataSpec& data, Initializer init)
    : config_(config), classifies_(!data.labels.empty()) {
  ensure(!data.tokens.empty() && data.labels.size() != 1, "bert: wants tokens, and no classes or at least two; the ",
         "data has ", data.tokens.size(), " tokens in its vocabulary and ", data.labels.size(), " classes");
  const TransformerOptions options = config.transformer_options();
  const index_t width = config.n_embd, vocab_size = std::ssize(data.tokens);
  token_embedding = Embedding(vocab_size, width, init, options.stddev());
  position_embedding = PositionEmbedding(config.positions, config.context, width, init, options.stddev());
  segment_embedding = Embedding(kSegments, width, init, options.stddev());
  embedding_norm = Norm(width, options.norm, init);
  transformer = Transformer(options, init);
  encoder_parameters_ = count_elements(heddle::named_parameters(transformer));
  if (classifies_) {
    pooler = Linear(width, width, true, init, options.stddev());
    classifier = Linear(width, std::ssize(data.labels), true, init, options.stddev(), Role::table);
    head_flops_ = 6.0 * static_cast<double>(width * (width + std::ssize(data.labels)));
  } else {
    transform = Linear(width, width, config.bias, init, options.stddev());
    transform_norm = Norm(width, options.norm, init);
    decoder = Linear(token_embedding);
    decoder.bias = init.full({vocab_size}, 0, Role::vector);
    head_flops_ = 6.0 * static_cast<double>(width * (width + vocab_size));
  }
}

Tensor Bert::hidden(const Batch& batch, Context& context) {
  const IdTensor& inputs = batch.inputs;
  ensure(inputs.ndim() == 2 && inputs.size(1) <= config_.context, "bert: inputs ", inputs.shape(),
         " must be [batch, time], with a time of at most ", config_.context, " (model.block_size)");
  Tensor x = position_embedding.forward(token_embedding.forward(inputs));
  x = x + segment_embedding.forward(batch.segments.numel() > 0 ? batch.segments : IdTensor(inputs.shape()));
  x = Dropout{config_.dropout}.forward(embedding_norm.forward(x), context);
  AttentionOptions options;
  options.key_mask = batch.mask;
  x = transformer.forward(x, context, options);
  return reshape(x, Shape{inputs.numel(), config_.n_embd});
}

Tensor Bert::transformed(const Batch& batch, const IdTensor& places, Context& context) {
  ensure(!classifies_, "bert: this model tells classes and has nothing that fills in words; give one that was trained ",
         "on data.kind = text");
  const Tensor x = rows_of(hidden(batch, context), places);
  return transform_norm.forward(transform.forward(x, context, Activation::gelu_tanh));
}

Tensor Bert::token_scores(const Batch& batch, const IdTensor& places, Context& context) {
  return decoder.forward(transformed(batch, places, context), context);
}

TokenStream Bert::token_stream() const {
  TokenStream stream{"", &transformer, &token_embedding};
  stream.embedding_norm = &embedding_norm;
  if (classifies_) return stream;
  stream.add_last_norm();
  stream.head.push_back({"transform", nullptr, &transform, Activation::gelu_tanh});
  stream.head.push_back({"transform_norm", &transform_norm});
  stream.head.push_back({"decoder", nullptr, &decoder});
  return stream;
}

Tensor Bert::text_vectors(const Batch& batch, Context& context) {
  const index_t rows = batch.rows(), time = batch.inputs.size(1);
  const Tensor x = hidden(batch, context);
  if (config_.pooling == Pooling::mean)
    return mean_of_tokens(reshape(x, Shape{rows, time, config_.n_embd}), batch.mask);
  IdTensor firsts({rows});
  for (index_t row = 0; row < rows; ++row) firsts[row] = static_cast<IdTensor::value_type>(row * time);
  return rows_of(x, firsts);
}

Tensor Bert::class_scores(const Batch& batch, Context& context) {
  ensure(classifies_, "bert: this model fills in words and has no classes; train one on data.kind = labelled_text");
  const Tensor pooled = tanh(pooler.forward(text_vectors(batch, context), context));
  return classifier.forward(Dropout{config_.classifier_dropout}.forward(pooled, context), context);
}

Loss Bert::loss(const Batch& batch, index_t divisor, Context& context) {
  if (classifies_) return class_loss(class_scores(batch, context), batch, divisor);
  const CountedTargets asked(batch.targets);
  CrossEntropy options;
  options.divisor = divisor;
  options.precision = context.precision;
  const Tensor x = transformed(batch, asked.places, context);
  return {linear_cross_entropy(x, decoder.weight, asked.values, options, decoder.bias), asked.values.numel()};
}

double Bert::flops(const Batch& batch) {
  const double of_position = transformer_flops(encoder_parameters_, config_, batch.inputs.size(1));
  return static_cast<double>(batch.inputs.numel()) * of_position + static_cast<double>(batch.count()) * head_flops_;
}

}  // namespace heddle
