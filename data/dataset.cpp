#include "data/dataset.h"

namespace heddle {

DataSpec DataState::spec() const {
  return {tokenizer.pieces, tokenizer.counts, Shape(std::vector<index_t>(features.begin(), features.end())), labels};
}

}  // namespace heddle
