#include "framework/nn/positions.h"

#include <cmath>
#include <numeric>

namespace heddle {

Tensor sinusoids(index_t first, index_t count, index_t width) {
  Tensor waves({count, width});
  real* const to = waves.mutable_data();
  for (index_t t = 0; t < count; ++t) {
    for (index_t d = 0; d < width; ++d) {
      const double rate = std::pow(10000.0, -static_cast<double>(d / 2 * 2) / static_cast<double>(width));
      const double angle = static_cast<double>(first + t) * rate;
      to[t * width + d] = static_cast<real>(d % 2 == 0 ? std::sin(angle) : std::cos(angle));
    }
  }
  return waves;
}

PositionEmbedding::PositionEmbedding(Positions kind_, index_t count, index_t width, Initializer& init, double stddev)
    : kind(kind_) {
  if (kind == Positions::learned) weight = init.normal({count, width}, stddev, Role::table);
}

Tensor PositionEmbedding::forward(const Tensor& x, index_t first) const {
  if (kind == Positions::rotary) return x;
  if (kind == Positions::sinusoidal) return x + sinusoids(first, x.size(1), x.size(2));
  IdTensor positions({x.size(1)});
  std::iota(positions.data(), positions.data() + x.size(1), static_cast<IdTensor::value_type>(first));
  return x + embedding(positions, weight);
}

}  // namespace heddle
