#pragma once

#include <functional>

#include "train/commands/doctor/doctor.h"

namespace heddle {

/// Examples as a function makes them, and a patient who has them.
class MadeDataset final : public Dataset {
 public:
  using Make = std::function<Batch(Split split, std::span<const index_t> numbers)>;
  MadeDataset(index_t training, index_t validating, Make make, DataState of = {}, index_t long_each = 1)
      : sizes_{training, validating, 0}, make_(std::move(make)), state_(std::move(of)), length_(long_each) {}
  index_t size(Split split) const override { return sizes_[static_cast<std::size_t>(split)]; }
  index_t length(Split, index_t) const override { return length_; }
  Batch get(Split split, std::span<const index_t> numbers) const override { return make_(split, numbers); }
  const DataState& state() const override { return state_; }
  std::uint64_t fingerprint() const override { return 0; }
  std::string describe() const override { return "made"; }

 private:
  std::array<index_t, 3> sizes_;
  Make make_;
  DataState state_;
  index_t length_;
};

/// The same row of numbers for each example, and the same class.
inline Batch rows_of(std::size_t examples, const std::vector<real>& numbers, int label = 0) {
  const Shape shape{static_cast<index_t>(examples), std::ssize(numbers)};
  Batch batch;
  batch.features = Tensor(shape);
  for (std::size_t i = 0; i < examples; ++i)
    std::copy(numbers.begin(), numbers.end(), batch.features.mutable_data() + i * numbers.size());
  batch.targets = IdTensor(std::vector<std::int32_t>(examples, label), {shape[0]});
  return batch;
}

/// An experiment and a dataset, to be examined.
struct Examination {
  Examination(const std::string& config, MadeDataset of)
      : experiment(Settings::from_text(config, "test")), dataset(std::move(of)) {}
  Patient patient() { return {experiment, dataset, {}, "", reporter}; }
  Experiment experiment;
  MadeDataset dataset;
  Reporter reporter;
};

inline const std::string kMlp =
    "[data]\nkind = table\npath = none\n[model]\nkind = mlp\nhidden = 16\n[train]\nsteps = 100\nbatch_size = 4\n";

}  // namespace heddle
