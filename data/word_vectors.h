#pragma once

#include <string>
#include <vector>

#include "framework/tensor.h"

namespace heddle {

/// Words, most frequent first, and the vector of each.
struct WordVectors {
  std::vector<std::string> words;
  Tensor vectors;  ///< [V, D]
};

}  // namespace heddle
