#pragma once

#include <algorithm>

#include "framework/nn/parameter.h"
#include "framework/rng.h"

namespace heddle {

/// Weights away from where they begin, so that heads tell words apart and no bias is 0.
template <class SomeModel>
void stir(SomeModel& model, double stddev = 0.4) {
  std::uint64_t seed = 100;
  for (NamedParameter& p : model.named_parameters()) {
    const Tensor values = Tensor::normal(p.tensor.shape(), Rng(seed++), stddev);
    std::copy_n(values.data(), values.numel(), p.tensor.mutable_data());
  }
}

}  // namespace heddle
