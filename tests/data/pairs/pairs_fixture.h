#pragma once

#include <memory>
#include <string>
#include <vector>

#include "data/pairs/pairs.h"

namespace heddle {

/// The pairs at a path, of two languages or of two columns; the last quarter validates.
inline PairsConfig pairs_at(const std::string& path, const std::string& source, const std::string& target) {
  PairsConfig config;
  config.split.path = {path};
  config.split.val_fraction = 0.25;
  config.source = source;
  config.target = target;
  config.tokenizer.vocab_size = 300;
  return config;
}

inline std::unique_ptr<PairsDataset> load_pairs(const PairsConfig& config, index_t block_size = 0,
                                                const DataState* known = nullptr) {
  LoadOptions options;
  options.block_size = block_size;
  options.known = known;
  std::unique_ptr<Dataset> dataset = config.load(options);
  return std::unique_ptr<PairsDataset>(dynamic_cast<PairsDataset*>(dataset.release()));
}

/// The texts of a split, each pair as "source|target".
inline std::vector<std::string> texts_of(const PairsDataset& pairs, Split split) {
  std::vector<std::string> texts;
  for (index_t i = 0; i < pairs.size(split); ++i)
    texts.push_back(pairs.source_text(split, i) + '|' + pairs.target_text(split, i));
  return texts;
}

}  // namespace heddle
