#pragma once

#include "framework/nn/context.h"
#include "framework/nn/module.h"
#include "framework/ops.h"

namespace heddle {

/// How a convolution's windows stand.
struct Conv2dOptions {
  index_t kernel = 3;  ///< height and width
  index_t stride = 1;
  index_t padding = 0;
  bool bias = true;
};

/// Convolution of images [B, in, H, W] -> [B, out, H', W'] (see conv2d); weight [out, in, kernel, kernel], bias [out]
/// or undefined. Weights begin normal with a variance of 2 / (in kernel^2), which keeps the size of what passes through
/// layers with relu (He et al., "Delving Deep into Rectifiers", 2015); biases at 0.
struct Conv2d {
  Conv2d() = default;
  Conv2d(index_t in, index_t out, const Conv2dOptions& options, Initializer& init);
  Tensor forward(const Tensor& x, const Context& context, Activation activation = Activation::none) const {
    return conv2d(x, weight, bias, stride, padding, activation, context.precision);
  }
  template <class Archive>
  void serialize(Archive& ar, unsigned) {
    ar& BOOST_SERIALIZATION_NVP(weight) & BOOST_SERIALIZATION_NVP(bias);
  }
  Parameter weight, bias;
  index_t stride = 1, padding = 0;
};

}  // namespace heddle
