#include "framework/nn/layers.h"

namespace heddle {

Linear::Linear(index_t in, index_t out, bool has_bias, Initializer& init, double stddev)
    : weight(init.normal({out, in}, stddev)), bias(has_bias ? init.full({out}, 0) : Tensor()) {}

Embedding::Embedding(index_t count, index_t width, Initializer& init, double stddev)
    : weight(init.normal({count, width}, stddev)) {}

LayerNorm::LayerNorm(index_t width, bool has_bias, Initializer& init)
    : weight(init.full({width}, 1)), bias(has_bias ? init.full({width}, 0) : Tensor()) {}

RMSNorm::RMSNorm(index_t width, Initializer& init) : weight(init.full({width}, 1)) {}

}  // namespace heddle
