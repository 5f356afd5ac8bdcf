#include "data/dataset.h"

namespace heddle {

DataSpec DataState::spec() const {
  return {tokenizer.pieces, tokenizer.counts, Shape(std::vector<index_t>(features.begin(), features.end())), labels};
}

Examples DataConfig::examples(const std::vector<std::string>& /*files*/, const std::vector<std::string>& /*texts*/,
                              const LoadOptions& /*options*/) const {
  throw Error(
      "predict: the model's kind of data has no single examples to be told a class; use heddle eval RUN --data");
}

}  // namespace heddle
