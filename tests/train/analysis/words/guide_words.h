#pragma once

#include "data/vectors/word_vectors.h"

namespace heddle {

/// Words of two numbers: how male, and how royal.
inline WordVectors guide_words() {
  return {{"king", "queen", "man", "woman"}, Tensor::from({0.8F, 0.9F, -0.8F, 0.9F, 0.8F, 0.1F, -0.8F, 0.1F}, {4, 2})};
}

}  // namespace heddle
