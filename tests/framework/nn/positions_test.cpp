#include "framework/nn/positions.h"

#include <catch2/catch.hpp>
#include <cmath>

namespace heddle {

TEST_CASE("the waves of positions are the paper's") {
  const Tensor waves = sinusoids(3, 2, 5);
  REQUIRE(waves.shape() == Shape{2, 5});
  for (index_t t = 0; t < 2; ++t) {
    const double position = static_cast<double>(3 + t);
    const double expected[] = {std::sin(position), std::cos(position), std::sin(position / std::pow(10000, 2.0 / 5)),
                               std::cos(position / std::pow(10000, 2.0 / 5)),
                               std::sin(position / std::pow(10000, 4.0 / 5))};
    for (index_t d = 0; d < 5; ++d) CHECK(waves.data()[t * 5 + d] == Approx(expected[d]).margin(1e-6));
  }
}

TEST_CASE("a text read in two parts gets the positions that it gets at once") {
  const Positions kind = GENERATE(Positions::learned, Positions::sinusoidal, Positions::rotary);
  Initializer init{Rng(1)};
  const PositionEmbedding positions(kind, 6, 4, init, 1.0);
  const Tensor x = Tensor::normal({2, 6, 4}, Rng(2));
  const Tensor whole = positions.forward(x);
  const Tensor parts = concat({positions.forward(slice(x, 1, 0, 2)), positions.forward(slice(x, 1, 2, 6), 2)}, 1);
  for (index_t i = 0; i < whole.numel(); ++i) REQUIRE(whole.data()[i] == parts.data()[i]);
  bool same = true;
  for (index_t i = 0; i < whole.numel(); ++i) same = same && whole.data()[i] == x.data()[i];
  CHECK(same == (kind == Positions::rotary));
}

}  // namespace heddle
