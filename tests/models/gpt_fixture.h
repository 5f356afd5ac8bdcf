#pragma once

#include <catch2/catch.hpp>

#include "models/gpt.h"

namespace heddle {

inline GPTConfig tiny(bool bias, bool tied) {
  GPTConfig config;
  config.n_layer = 2;
  config.n_head = 3;
  config.n_embd = 12;
  config.context = 7;
  config.bias = bias;
  config.tied = tied;
  return config;
}

/// With options that came after GPT-2.
inline GPTConfig later(GPTConfig config) {
  config.positions = Positions::rotary;
  config.qk_norm = true;
  config.activation = Activation::swiglu;
  return config;
}

/// Llama 2's form, with one group of keys and values.
inline GPTConfig llama(GPTConfig config) {
  config.positions = Positions::rotary;
  config.activation = Activation::swiglu;
  config.norm = NormKind::rms;
  config.n_kv_head = 1;
  config.bias = config.tied = false;
  return config;
}

/// nanochat's form.
inline GPTConfig nanochat(GPTConfig config) {
  config.positions = Positions::rotary;
  config.qk_norm = true;
  config.activation = Activation::relu_squared;
  config.norm = NormKind::rms;
  config.norm_weight = config.bias = config.tied = false;
  config.embedding_norm = true;
  config.logit_softcap = 1.5;
  return config;
}

/// GPT-2's form, and the two.
inline GPTConfig any_form() {
  const int form = GENERATE(0, 1, 2);
  const GPTConfig config = tiny(true, true);
  return form == 0 ? config : form == 1 ? llama(config) : nanochat(config);
}

inline IdTensor some_ids(index_t batch, index_t time, std::int32_t shift = 0) {
  IdTensor ids({batch, time});
  for (index_t i = 0; i < ids.numel(); ++i) ids[i] = static_cast<std::int32_t>((i * 7 + 3 + shift) % 11);
  return ids;
}

inline Batch batch_of(const IdTensor& inputs, const IdTensor& targets) {
  Batch batch;
  batch.inputs = inputs;
  batch.targets = targets;
  return batch;
}

}  // namespace heddle
