#pragma once

#include <algorithm>
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "models/word2vec/word2vec.h"

namespace heddle {

inline DataSpec animals() {
  return {{"<unk>", "cat", "cats", "dog", "dogs", "cow", "cows", "goat"}, {7, 100, 50, 40, 30, 20, 10, 5}};
}

inline Word2VecConfig tiny() {
  Word2VecConfig config;
  config.n_embd = 5;
  config.window = 2;
  config.negatives = 3;
  config.subsample = 0;
  config.context = 12;
  if (GENERATE(false, true)) config.method = Word2VecMethod::cbow;
  if (GENERATE(false, true)) {
    config.min_n = 2;
    config.max_n = 3;
  }
  return config;
}

inline Batch some_text(index_t rows, index_t length) {
  Batch batch;
  batch.inputs = batch.targets = IdTensor({rows, length});
  for (index_t i = 0; i < batch.inputs.numel(); ++i) {
    batch.inputs[i] = static_cast<std::int32_t>((i * i + 3 * i / 2) % 8);
    batch.targets[i] = 1;
  }
  return batch;
}

/// Moves all vectors away from where they begin, so that no gradient is small by chance.
inline void scatter(Word2Vec& model) {
  std::uint64_t use = 0;
  for (NamedParameter& p : model.named_parameters()) {
    const Tensor values = Tensor::normal(p.tensor.shape(), Rng(9).fork(use++), 0.5);
    std::copy_n(values.data(), values.numel(), p.tensor.mutable_data());
  }
}

inline double mean_loss(Word2Vec& model, const Batch& batch, Context& context) {
  const LossSum sum = model.loss_sum(batch, context.next_rng());
  return sum.nats / static_cast<double>(sum.count);
}

/// Its mean loss before it.
inline double mean_update(Word2Vec& model, const Batch& batch, double lr, const Rng& rng) {
  const LossSum sum = model.update(batch, lr, rng);
  return sum.nats / static_cast<double>(sum.count);
}

/// n-grams as the paper has them, counted anew.
inline std::vector<std::string> ngrams(const std::string& word, index_t min, index_t max) {
  std::vector<std::string> all;
  const std::string text = '<' + word + '>';
  for (std::size_t at = 0; at < text.size(); ++at) {
    for (index_t n = min; n <= max && at + static_cast<std::size_t>(n) <= text.size(); ++n)
      all.push_back(text.substr(at, static_cast<std::size_t>(n)));
  }
  return all;
}

}  // namespace heddle
