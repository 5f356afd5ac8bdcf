#pragma once

#include <memory>
#include <numeric>
#include <string>
#include <vector>

#include "data/text/dataset.h"

namespace heddle {

inline TextConfig text_at(const std::string& path) {
  TextConfig config;
  config.split.path = {path};
  return config;
}

inline std::unique_ptr<TextDataset> load_text(const TextConfig& config, index_t block_size,
                                              const DataState* known = nullptr,
                                              const std::filesystem::path& cache = {}) {
  std::unique_ptr<Dataset> dataset = config.load({1, block_size, known, cache, {}});
  return std::unique_ptr<TextDataset>(dynamic_cast<TextDataset*>(dataset.release()));
}

/// Tokens 0 .. train - 1 to train on, and as many more to validate as `val` says.
inline TextDataset counting_text(index_t train, index_t block_size, index_t val) {
  std::vector<std::int32_t> ids(static_cast<std::size_t>(train)), more(static_cast<std::size_t>(val));
  std::iota(ids.begin(), ids.end(), 0);
  std::iota(more.begin(), more.end(), 0);
  const auto numbers = [](const std::vector<std::int32_t>& from) {
    auto copy = std::make_shared<std::vector<std::int32_t>>(from);
    const auto* bytes = reinterpret_cast<const std::byte*>(copy->data());
    TokenText text;
    text.tokens = {sizeof(std::int32_t), from.size(), std::shared_ptr<const std::byte>(std::move(copy), bytes)};
    return text;
  };
  SplitConfig split;
  split.val_path = {"apart"};
  TokenizerOptions options;
  options.kind = "byte";
  return {split, train_tokenizer(options, read_from("")), {numbers(ids), numbers(more), TokenText()}, block_size};
}

}  // namespace heddle
