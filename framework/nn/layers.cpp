#include "framework/nn/layers.h"

namespace heddle {

Embedding::Embedding(index_t count, index_t width, Initializer& init, double stddev)
    : weight(init.normal({count, width}, stddev, Role::table)) {}

Linear::Linear(index_t in, index_t out, bool has_bias, Initializer& init, double stddev, Role role)
    : weight(init.normal({out, in}, stddev, role)), bias(has_bias ? init.full({out}, 0, Role::vector) : Parameter()) {
  weight.multiplied = true;
}

Linear::Linear(const Embedding& tied) : weight(tied.weight) { weight.multiplied = true; }

Norm::Norm(index_t width, const NormOptions& options, Initializer& init) : kind_(options.kind), eps_(options.eps) {
  if (options.weight) {
    weight = init.full({width}, 1, Role::vector);
    if (options.bias && kind_ == NormKind::layer) bias = init.full({width}, 0, Role::vector);
  } else {
    ones_ = Tensor::full({width}, 1);
  }
}

Tensor Norm::forward(const Tensor& x) const {
  return kind_ == NormKind::layer ? layer_norm(x, scale(), bias, eps_) : rms_norm(x, scale(), eps_);
}

std::pair<Tensor, Tensor> Norm::forward_sum(const Tensor& x, const Tensor& branch) const {
  if (kind_ == NormKind::layer) return add_layer_norm(x, branch, scale(), bias, eps_);
  const Tensor sum = x + branch;
  return {sum, forward(sum)};
}

}  // namespace heddle
