#pragma once

#include <array>
#include <utility>

#include "framework/nn/context.h"
#include "framework/nn/module.h"
#include "framework/ops.h"

namespace heddle {

/// Rows of a table: ids [...] -> [..., width]; weight [count, width], normal at first.
struct Embedding {
  Embedding() = default;
  Embedding(index_t count, index_t width, Initializer& init, double stddev);
  Tensor forward(const IdTensor& ids) const { return embedding(ids, weight); }
  template <class Archive>
  void serialize(Archive& ar, unsigned) {
    ar& BOOST_SERIALIZATION_NVP(weight);
  }
  Parameter weight;
};

/// y = x W^T + b: x [..., in] -> [..., out]; weight [out, in], bias [out] or undefined; weights begin normal with
/// the given standard deviation, biases at 0. The weight of a head that scores symbols is a table.
struct Linear {
  Linear() = default;
  Linear(index_t in, index_t out, bool has_bias, Initializer& init, double stddev, Role role = Role::matrix);
  /// A head that shares an embedding's weights, without bias.
  explicit Linear(const Embedding& tied);
  Tensor forward(const Tensor& x, const Context& context, Activation activation = Activation::none) const {
    return linear(x, weight, bias, activation, context.precision);
  }
  template <class Archive>
  void serialize(Archive& ar, unsigned) {
    ar& BOOST_SERIALIZATION_NVP(weight) & BOOST_SERIALIZATION_NVP(bias);
  }
  Parameter weight, bias;
};

/// How vectors are normalized: by mean and variance, or by their root mean square alone.
enum class NormKind { layer, rms };
constexpr auto names_of(NormKind) { return std::array{Named{NormKind::layer, "layer"}, Named{NormKind::rms, "rms"}}; }

struct NormOptions {
  NormKind kind = NormKind::layer;
  bool weight = true;  ///< scale the result by parameters
  bool bias = true;    ///< and shift it: of a layer norm with a weight
  double eps = 1e-5;
};

/// Normalization over the last axis, which ops.h's layer_norm and rms_norm do; weight [width] begins at 1, bias [width]
/// at 0.
struct Norm {
  Norm() = default;
  Norm(index_t width, const NormOptions& options, Initializer& init);
  Tensor forward(const Tensor& x) const;
  /// {x + branch, forward(x + branch)}; a layer norm does it in one pass.
  std::pair<Tensor, Tensor> forward_sum(const Tensor& x, const Tensor& branch) const;
  NormKind kind() const { return kind_; }
  double eps() const { return eps_; }
  template <class Archive>
  void serialize(Archive& ar, unsigned) {
    ar& BOOST_SERIALIZATION_NVP(weight) & BOOST_SERIALIZATION_NVP(bias);
  }
  Parameter weight, bias;

 private:
  const Tensor& scale() const { return weight.defined() ? weight : ones_; }

  NormKind kind_ = NormKind::layer;
  double eps_ = 1e-5;
  Tensor ones_;  ///< in the weight's place, where there is none
};

/// Drops elements of x [rows of the batch, ...] with probability p while training; passes x through otherwise.
struct Dropout {
  double p = 0;
  Tensor forward(const Tensor& x, Context& context) const {
    return context.training && p > 0 ? dropout(x, p, context.next_rng(), context.first_row) : x;
  }
};

}  // namespace heddle
