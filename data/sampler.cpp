#include "data/sampler.h"

#include <algorithm>
#include <numeric>

namespace heddle {
namespace {

/// Where `place` of 0 .. count - 1 lies in an order that `rng` decides: a Feistel network permutes the numbers of an
/// even number of bits, and is walked until it comes to one below count.
index_t shuffled(index_t place, index_t count, const Rng& rng) {
  unsigned half = 1;
  while ((index_t{1} << (2 * half)) < count) ++half;
  const std::uint64_t mask = (std::uint64_t{1} << half) - 1;
  auto number = static_cast<std::uint64_t>(place);
  do {
    std::uint64_t left = number >> half, right = number & mask;
    for (std::uint64_t round = 0; round < 4; ++round) {
      const std::uint64_t mixed = left ^ (rng.fork(round).bits(right) & mask);
      left = right;
      right = mixed;
    }
    number = left << half | right;
  } while (number >= static_cast<std::uint64_t>(count));
  return static_cast<index_t>(number);
}

/// An order in which every step has as many rows; row number r of the run is a function of r alone.
class RowSampler : public Sampler {
 public:
  RowSampler(const Dataset& dataset, Split split, StepRows step, const Rng& rng)
      : dataset_(dataset), split_(split), size_(dataset.size(split)), step_(step), rng_(rng) {}

  Draw draw(index_t step, index_t micro) const override {
    Draw draw;
    draw.first_row = step * step_.all() + micro * step_.rows;
    for (index_t row = draw.first_row; row < draw.first_row + step_.rows; ++row) draw.places.push_back(place(row));
    draw.continues = continues(step);
    return draw;
  }
  double steps_per_epoch() const override { return static_cast<double>(size_) / static_cast<double>(step_.all()); }

 protected:
  virtual index_t place(index_t row) const = 0;

  const Dataset& dataset_;
  Split split_;
  index_t size_;
  StepRows step_;
  Rng rng_;
};

class RandomSampler final : public RowSampler {
 public:
  using RowSampler::RowSampler;
  index_t place(index_t row) const override {
    const auto places = static_cast<std::uint64_t>(dataset_.places(split_));
    return static_cast<index_t>(rng_.below(places, static_cast<std::uint64_t>(row)));
  }
};

class EpochSampler final : public RowSampler {
 public:
  using RowSampler::RowSampler;
  index_t place(index_t row) const override {
    const Rng order = rng_.fork(static_cast<std::uint64_t>(row / size_));
    return dataset_.place(shuffled(row % size_, size_, order));
  }
};

/// The examples are cut into as many stretches as a step has rows, and each row walks through one.
class ContiguousSampler final : public RowSampler {
 public:
  ContiguousSampler(const Dataset& dataset, Split split, StepRows step, const Rng& rng)
      : RowSampler(dataset, split, step, rng), stretch_(size_ / step.all()) {
    ensure(stretch_ > 0, "train.order = contiguous: a step has ", step.all(), " rows, and the ", name_of(split),
           " split ", size_, " examples to begin them at; lower train.batch_size");
  }
  index_t place(index_t row) const override {
    return dataset_.place(row % step_.all() * stretch_ + row / step_.all() % stretch_);
  }
  bool continues(index_t step) const override { return step % stretch_ > 0; }
  double steps_per_epoch() const override { return static_cast<double>(stretch_); }

 private:
  index_t stretch_;
};

/// The examples in the order of their lengths, cut into batches that hold at most `rows` times the mean length once all
/// are padded to the longest. Which of equally long ones share a batch, and the order of the batches, are each epoch's
/// own; how many batches there are is the same in every epoch.
class LengthSampler final : public Sampler {
 public:
  LengthSampler(const Dataset& dataset, Split split, StepRows step, const Rng& rng)
      : dataset_(dataset), size_(dataset.size(split)), micro_batches_(step.micro_batches), rng_(rng) {
    std::vector<index_t> lengths(static_cast<std::size_t>(size_));
    for (index_t i = 0; i < size_; ++i) lengths[static_cast<std::size_t>(i)] = dataset.length(split, dataset.place(i));
    sorted_.resize(lengths.size());
    std::iota(sorted_.begin(), sorted_.end(), index_t{0});
    const auto length = [&](index_t i) { return lengths[static_cast<std::size_t>(i)]; };
    std::stable_sort(sorted_.begin(), sorted_.end(), [&](index_t a, index_t b) { return length(a) < length(b); });
    const index_t total = std::accumulate(lengths.begin(), lengths.end(), index_t{0});
    const index_t most = std::max(length(sorted_.back()), (total * step.rows + size_ - 1) / size_);
    begins_.push_back(0);
    runs_.push_back(0);
    for (index_t i = 0; i < size_; ++i) {
      const index_t now = length(sorted_[static_cast<std::size_t>(i)]);
      if ((i - begins_.back() + 1) * now > most) begins_.push_back(i);
      if (i > 0 && now != length(sorted_[static_cast<std::size_t>(i - 1)])) runs_.push_back(i);
    }
    begins_.push_back(size_);
    runs_.push_back(size_);
  }

  Draw draw(index_t step, index_t micro) const override {
    const index_t number = step * micro_batches_ + micro, batches = std::ssize(begins_) - 1, epoch = number / batches;
    const Rng order = rng_.fork(static_cast<std::uint64_t>(epoch));
    const auto batch = static_cast<std::size_t>(shuffled(number % batches, batches, order));
    Draw draw;
    draw.first_row = epoch * size_ + begins_[batch];
    for (index_t i = begins_[batch]; i < begins_[batch + 1]; ++i) {
      const auto run = std::prev(std::upper_bound(runs_.begin(), runs_.end(), i));  // of examples as long as this
      const index_t within = shuffled(i - *run, *std::next(run) - *run, order.fork(static_cast<std::uint64_t>(*run)));
      draw.places.push_back(dataset_.place(sorted_[static_cast<std::size_t>(*run + within)]));
    }
    return draw;
  }
  double steps_per_epoch() const override {
    return static_cast<double>(begins_.size() - 1) / static_cast<double>(micro_batches_);
  }

 private:
  const Dataset& dataset_;
  index_t size_, micro_batches_;
  Rng rng_;
  std::vector<index_t> sorted_;  ///< examples by length
  std::vector<index_t> begins_;  ///< of each batch in sorted_, and the end
  std::vector<index_t> runs_;    ///< where each length begins in sorted_, and the end
};

}  // namespace

std::unique_ptr<Sampler> make_sampler(Order order, const Dataset& dataset, Split split, StepRows step, const Rng& rng) {
  ensure(dataset.size(split) > 0, "data: the ", name_of(split), " split has no example");
  switch (order) {
    case Order::epochs: return std::make_unique<EpochSampler>(dataset, split, step, rng);
    case Order::contiguous: return std::make_unique<ContiguousSampler>(dataset, split, step, rng);
    case Order::lengths: return std::make_unique<LengthSampler>(dataset, split, step, rng);
    default: return std::make_unique<RandomSampler>(dataset, split, step, rng);
  }
}

Batch get_batch(const Dataset& dataset, Split split, const Draw& draw) {
  Batch batch = dataset.get(split, draw.places);
  batch.first_row = draw.first_row;
  batch.continues = draw.continues;
  return batch;
}

Batch get_examples(const Dataset& dataset, Split split, index_t first, index_t rows) {
  ensure(first >= 0 && rows >= 0 && first + rows <= dataset.size(split), "examples ", first, " .. ", first + rows,
         " of ", dataset.size(split), " in the ", name_of(split), " split");
  Draw draw;
  draw.first_row = first;
  for (index_t i = first; i < first + rows; ++i) draw.places.push_back(dataset.place(i));
  return get_batch(dataset, split, draw);
}

Batch walk_split(const Dataset& dataset, Split split, index_t rows, index_t batch) {
  ensure(rows > 0, "a walk through the ", name_of(split), " split: ", rows, " rows; at least one must walk");
  const index_t examples = dataset.size(split), batches = (examples + rows - 1) / rows;
  ensure(batch >= 0 && batch < batches, "a walk through the ", name_of(split), " split: there is no batch ", batch,
         " of ", batches);
  Draw draw;
  draw.first_row = batch * rows;
  draw.continues = batch > 0;
  for (index_t example = batch; example < examples; example += batches) draw.places.push_back(dataset.place(example));
  return get_batch(dataset, split, draw);
}

}  // namespace heddle
