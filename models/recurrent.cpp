#include "models/recurrent.h"

#include <algorithm>
#include <cmath>

namespace heddle {
namespace {

/// Tokens [begin, end) of each row.
IdTensor part_of(const IdTensor& ids, index_t begin, index_t end) {
  IdTensor part({ids.size(0), end - begin});
  for (index_t row = 0; row < ids.size(0); ++row)
    std::copy_n(ids.data() + row * ids.size(1) + begin, end - begin, part.data() + row * (end - begin));
  return part;
}

}  // namespace

std::vector<Key> RecurrentConfig::keys() {
  return {
      {"cell", cell, "of the layers: lstm, gru, or rnn, Elman's network with tanh"},
      {"n_layer", n_layer, "recurrent layers", 1, 1000},
      {"n_embd", n_embd, "width of the token embedding", 1, 100000},
      {"n_hidden", n_hidden, "units of a layer; 0: n_embd", 0, 100000},
      {"block_size", context,
       "steps of truncated backpropagation. With train.order = contiguous each row goes on with the states in which it "
       "ended, with any other order each begins with zeros",
       1, 1 << 20},
      {"dropout", dropout, "share of what leaves each layer dropped while training", 0.0, 0.99},
      {"embedding_dropout", embedding_dropout, "share of what leaves the embedding dropped while training", 0.0, 0.99},
      {"tied", tied,
       "the head shares the token embedding's weights; where n_hidden is not n_embd a projection stands between"},
  };
}

std::unique_ptr<Model> RecurrentConfig::build(const DataSpec& data, Initializer init) const {
  return std::make_unique<Recurrent>(*this, static_cast<index_t>(data.tokens.size()), init);
}

Recurrent::Recurrent(const RecurrentConfig& config, index_t vocab_size, Initializer init)
    : embedding_dropout_{config.embedding_dropout}, dropout_{config.dropout}, block_size_(config.context) {
  const index_t width = config.n_hidden > 0 ? config.n_hidden : config.n_embd;
  const auto stddev = [](index_t inputs) { return 1 / std::sqrt(static_cast<double>(inputs)); };
  token_embedding = Embedding(vocab_size, config.n_embd, init, stddev(config.n_embd));
  stack = RecurrentStack({config.cell, config.n_layer, config.n_embd, width, config.dropout}, init);
  if (config.tied) {
    if (width != config.n_embd) projection = Linear(width, config.n_embd, true, init, stddev(width));
    head = Linear(token_embedding);
  } else {
    head = Linear(width, vocab_size, false, init, stddev(width), Role::table);
  }
  for (const Tensor& weight : multiplied_weights(*this)) token_flops_ += 6 * static_cast<double>(weight.numel());
}

Tensor Recurrent::hidden(const IdTensor& inputs, Context& context) {
  ensure(inputs.ndim() == 2, "recurrent: inputs ", inputs.shape(), " must be [batch, time]");
  Tensor x = embedding_dropout_.forward(token_embedding.forward(inputs), context);
  x = dropout_.forward(stack.forward(x, context), context);
  if (context.state != nullptr) context.state->advance(inputs.size(1));
  return projection.weight.defined() ? projection.forward(x, context) : x;
}

Tensor Recurrent::logits(const IdTensor& inputs, Context& context) {
  index_t read = 0;
  const index_t time = inputs.ndim() == 2 ? inputs.size(1) : 0;
  // A long text of which only the states and the last scores are wanted comes in parts: memory does not grow with it.
  while (context.state != nullptr && context.last_only && time - read > block_size_) {
    hidden(part_of(inputs, read, read + block_size_), context);
    read += block_size_;
  }
  Tensor x = hidden(read > 0 ? part_of(inputs, read, time) : inputs, context);
  if (context.last_only) x = slice(x, 1, x.size(1) - 1, x.size(1));
  return head.forward(x, context);
}

Loss Recurrent::loss(const Batch& batch, index_t divisor, Context& context) {
  CrossEntropy options;
  options.divisor = divisor;
  options.precision = context.precision;
  return {linear_cross_entropy(hidden(batch.inputs, context), head.weight, batch.targets, options), batch.count()};
}

double Recurrent::flops(const Batch& batch) { return static_cast<double>(batch.inputs.numel()) * token_flops_; }

}  // namespace heddle
