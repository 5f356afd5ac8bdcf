#pragma once

#include <vector>

#include "data/dataset.h"

namespace heddle {

/// Examples that are known by their places alone, which lie 3 apart; example i may have a length of its own.
class NumberedDataset : public Dataset {
 public:
  explicit NumberedDataset(index_t train, index_t val = 0, std::vector<index_t> lengths = {})
      : sizes_{train, val, 0}, lengths_(std::move(lengths)) {}
  index_t size(Split split) const override { return sizes_[static_cast<std::size_t>(split)]; }
  index_t places(Split split) const override { return 3 * size(split) - 2; }
  index_t place(index_t example) const override { return 3 * example; }
  index_t length(Split, index_t place) const override { return lengths_[static_cast<std::size_t>(place / 3)]; }
  Batch get(Split, std::span<const index_t> places) const override {
    Batch batch;
    batch.inputs = IdTensor({places.begin(), places.end()}, {std::ssize(places), 1});
    return batch;
  }
  const DataState& state() const override { return state_; }
  std::uint64_t fingerprint() const override { return 0; }
  std::string describe() const override { return "numbers"; }

 private:
  std::array<index_t, 3> sizes_;
  std::vector<index_t> lengths_;
  DataState state_;
};

}  // namespace heddle
