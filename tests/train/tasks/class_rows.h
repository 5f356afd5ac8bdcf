#pragma once

#include <catch2/catch.hpp>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "data/dataset.h"
#include "models/capabilities.h"
#include "train/metric.h"

namespace heddle {

/// Rows of numbers with their classes, of three splits.
class Rows final : public Dataset {
 public:
  explicit Rows(std::vector<std::string> labels) { state_.labels = std::move(labels); }
  Rows& add(Split split, real number, std::int32_t is) {
    rows_[static_cast<std::size_t>(split)].emplace_back(number, is);
    return *this;
  }
  index_t size(Split split) const override { return std::ssize(rows_[static_cast<std::size_t>(split)]); }
  Batch get(Split split, std::span<const index_t> places) const override {
    Batch batch;
    batch.features = Tensor({std::ssize(places), 1});
    batch.targets = IdTensor({std::ssize(places)});
    for (std::size_t i = 0; i < places.size(); ++i) {
      const auto& [number, is] = rows_[static_cast<std::size_t>(split)][static_cast<std::size_t>(places[i])];
      batch.features.mutable_data()[i] = number;
      batch.targets[static_cast<index_t>(i)] = is;
    }
    return batch;
  }
  const DataState& state() const override { return state_; }
  std::uint64_t fingerprint() const override { return 0; }
  std::string describe() const override { return ""; }

 private:
  DataState state_;
  std::array<std::vector<std::pair<real, std::int32_t>>, 3> rows_;
};

/// Finds the class whose number is nearest to a row's: class c has a score of -(number - c)^2.
class Nearest final : public Model, public Classifier {
 public:
  explicit Nearest(index_t classes) : classes_(classes) {}
  Tensor class_scores(const Batch& batch, Context&) override {
    Tensor scores({batch.rows(), classes_});
    for (index_t row = 0; row < batch.rows(); ++row) {
      for (index_t c = 0; c < classes_; ++c)
        scores.mutable_data()[row * classes_ + c] =
            -std::pow(batch.features.data()[row] - static_cast<real>(c), real{2});
    }
    return scores;
  }
  std::vector<NamedParameter> named_parameters() override { return {}; }
  Loss loss(const Batch&, index_t, Context&) override { return {}; }
  double flops(const Batch&) override { return 0; }

 private:
  index_t classes_;
};

inline double value_of(const Metrics& metrics, const std::string& name) {
  for (const Metric& metric : metrics) {
    if (metric.name == name) return metric.value;
  }
  FAIL("no metric " << name);
  return 0;
}

}  // namespace heddle
