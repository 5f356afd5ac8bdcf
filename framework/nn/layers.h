#pragma once

#include "framework/nn/module.h"

namespace heddle {

/// y = x W^T + b: x [..., in] -> [..., out]; weight [out, in], bias [out] or undefined; weights begin normal with
/// the given standard deviation, biases at 0.
struct Linear {
  Linear() = default;
  Linear(index_t in, index_t out, bool has_bias, Initializer& init, double stddev);
  Tensor forward(const Tensor& x, Activation activation = Activation::none) const {
    return linear(x, weight, bias, activation);
  }
  template <class Archive>
  void serialize(Archive& ar, unsigned) {
    ar& BOOST_SERIALIZATION_NVP(weight) & BOOST_SERIALIZATION_NVP(bias);
  }
  Tensor weight, bias;
};

/// Rows of a table: ids [...] -> [..., width]; weight [count, width], normal at first.
struct Embedding {
  Embedding() = default;
  Embedding(index_t count, index_t width, Initializer& init, double stddev);
  Tensor forward(const IdTensor& ids) const { return embedding(ids, weight); }
  template <class Archive>
  void serialize(Archive& ar, unsigned) {
    ar& BOOST_SERIALIZATION_NVP(weight);
  }
  Tensor weight;
};

/// Layer normalization over the last axis with weight [width] and, if asked for, bias [width].
struct LayerNorm {
  LayerNorm() = default;
  LayerNorm(index_t width, bool has_bias, Initializer& init);
  Tensor forward(const Tensor& x) const { return layer_norm(x, weight, bias); }
  template <class Archive>
  void serialize(Archive& ar, unsigned) {
    ar& BOOST_SERIALIZATION_NVP(weight) & BOOST_SERIALIZATION_NVP(bias);
  }
  Tensor weight, bias;
};

/// Root-mean-square normalization over the last axis with weight [width].
struct RMSNorm {
  RMSNorm() = default;
  RMSNorm(index_t width, Initializer& init);
  Tensor forward(const Tensor& x) const { return rms_norm(x, weight); }
  template <class Archive>
  void serialize(Archive& ar, unsigned) {
    ar& BOOST_SERIALIZATION_NVP(weight);
  }
  Tensor weight;
};

/// Drops elements with probability p while training; passes x through otherwise.
struct Dropout {
  double p = 0;
  Tensor forward(const Tensor& x, Context& context) const {
    return context.training && p > 0 ? dropout(x, p, context.next_rng()) : x;
  }
};

}  // namespace heddle
