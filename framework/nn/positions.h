#pragma once

#include "framework/nn/context.h"
#include "framework/nn/module.h"
#include "framework/ops.h"

namespace heddle {

/// How a transformer knows the order of what it reads: a learned embedding of each position is added; or queries and
/// keys are turned by their positions (RoPE); or fixed waves are added.
enum class Positions { learned, rotary, sinusoidal };
constexpr auto names_of(Positions) {
  return std::array{Named{Positions::learned, "learned"}, Named{Positions::rotary, "rotary"},
                    Named{Positions::sinusoidal, "sinusoidal"}};
}

/// The waves of positions first .. first + count - 1: [count, width]; dimensions 2 i and 2 i + 1 are sine and cosine of
/// position / 10000^(2 i / width) (Vaswani et al., "Attention Is All You Need", 2017).
Tensor sinusoids(index_t first, index_t count, index_t width);

/// What is added to embeddings to tell their positions; nothing where queries and keys are turned. weight [count,
/// width] of learned ones, normal at first.
struct PositionEmbedding {
  PositionEmbedding() = default;
  PositionEmbedding(Positions kind_, index_t count, index_t width, Initializer& init, double stddev);
  /// x [B, T, C], whose positions begin at `first` -> [B, T, C].
  Tensor forward(const Tensor& x, index_t first = 0) const;
  template <class Archive>
  void serialize(Archive& ar, unsigned) {
    ar& BOOST_SERIALIZATION_NVP(weight);
  }
  Parameter weight;
  Positions kind = Positions::learned;
};

}  // namespace heddle
