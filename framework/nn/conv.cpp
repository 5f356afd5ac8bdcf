#include "framework/nn/conv.h"

#include <cmath>

namespace heddle {

Conv2d::Conv2d(index_t in, index_t out, const Conv2dOptions& options, Initializer& init)
    : weight(init.normal({out, in, options.kernel, options.kernel},
                         std::sqrt(2 / static_cast<double>(in * options.kernel * options.kernel)), Role::matrix)),
      bias(options.bias ? init.full({out}, 0, Role::vector) : Parameter()),
      stride(options.stride),
      padding(options.padding) {}

}  // namespace heddle
