#include "train/tasks/task.h"

#include <algorithm>
#include <catch2/catch.hpp>
#include <map>
#include <set>

#include "framework/autograd.h"
#include "tests/numbered_dataset.h"
#include "train/learners/feed.h"

namespace heddle {
namespace {

/// What batches an evaluation was shown: the rows of each, and the first of its random numbers, by its first example.
struct Shown {
  std::map<index_t, index_t> rows;
  std::map<index_t, std::uint64_t> bits;
  std::map<index_t, std::uint64_t> prepared;  ///< what an example was prepared with
};

class Recorder final : public Task, public Evaluation {
 public:
  Unit unit() const override { return {"row", "rows"}; }
  Baselines baselines(const Progress&) const override { return {}; }
  std::unique_ptr<Evaluation> evaluation(Split, const EvaluationOptions&) const override {
    return std::make_unique<Recorder>(*this);
  }
  Message measure(const Batch& batch, Context& context) override {
    CHECK_FALSE(grad_enabled());
    CHECK_FALSE(context.training);
    shown->rows[batch.inputs[0] / 3] = batch.rows();
    shown->bits[batch.inputs[0] / 3] = context.next_rng().bits(0);
    if (context.carried == nullptr) return {};
    Tensor& state = context.carried->at("last");  // of each row: the example before
    CHECK(state.defined() == batch.continues);
    for (index_t row = 0; batch.continues && row < batch.rows(); ++row)
      CHECK(state.data()[row] == static_cast<real>(batch.inputs[row] / 3 - 1));
    if (batch.continues) CHECK(state.numel() == batch.rows());
    state = Tensor({batch.rows()});
    for (index_t row = 0; row < batch.rows(); ++row)
      state.mutable_data()[row] = static_cast<real>(batch.inputs[row] / 3);
    return {};
  }
  void add(Message) override {}
  void prepare(Batch& batch, const Rng& rng) const override {
    for (index_t row = 0; row < batch.rows(); ++row)
      shown->prepared[batch.inputs[row] / 3] = rng.bits(static_cast<std::uint64_t>(batch.first_row + row));
  }
  Metrics result() const override { return {}; }

  std::shared_ptr<Shown> shown = std::make_shared<Shown>();
};

Shown shown_by(index_t rows, index_t batches, bool contiguous = false) {
  const Recorder task;
  evaluate(task, NumberedDataset(0, 10), Split::val, {rows, batches, Precision::f32, false, contiguous});
  return *task.shown;
}

}  // namespace

TEST_CASE("each batch of an evaluation has random numbers of its own, the same whatever else is evaluated") {
  const Shown all = shown_by(3, 0), some = shown_by(3, 2);
  CHECK(all.rows == std::map<index_t, index_t>{{0, 3}, {3, 3}, {6, 3}, {9, 1}});
  CHECK(some.rows == std::map<index_t, index_t>{{0, 3}, {6, 3}});
  CHECK(shown_by(1, 4).rows == std::map<index_t, index_t>{{0, 1}, {2, 1}, {5, 1}, {7, 1}});
  std::set<std::uint64_t> different;
  for (const auto& [first, bits] : all.bits) different.insert(bits);
  CHECK(different.size() == 4);
  for (const auto& [first, bits] : some.bits) CHECK(all.bits.at(first) == bits);
  CHECK_THROWS_WITH(evaluate(Recorder(), NumberedDataset(0, 10), Split::test, {}),
                    Catch::StartsWith("the test split is empty"));
}

TEST_CASE("contiguous rows of an evaluation go on with their states, and those that end early take theirs along") {
  CHECK(shown_by(4, 0, true).rows == std::map<index_t, index_t>{{0, 4}, {1, 3}, {2, 3}});
  CHECK(shown_by(4, 2, true).rows == std::map<index_t, index_t>{{0, 4}, {1, 3}});
  CHECK(shown_by(3, 0, true).rows == std::map<index_t, index_t>{{0, 3}, {1, 3}, {2, 2}, {3, 2}});
  CHECK(shown_by(1, 0, true).rows.size() == 10);
  CHECK(shown_by(4, 0, true).bits.at(1) != shown_by(4, 0, true).bits.at(2));
}

TEST_CASE("an evaluation prepares each example alike, however the split is cut into batches") {
  const Shown threes = shown_by(3, 0), fives = shown_by(5, 0);
  CHECK(threes.prepared.size() == 10);
  CHECK(threes.prepared == fives.prepared);
  CHECK(shown_by(3, 2).prepared.at(7) == threes.prepared.at(7));
}

TEST_CASE("training examples are augmented, then prepared, by the numbers of their rows") {
  class Marked final : public NumberedDataset {
   public:
    using NumberedDataset::NumberedDataset;
    void augment(Batch& batch, const Rng& rng) const override {
      batch.targets = IdTensor({batch.rows()});
      for (index_t row = 0; row < batch.rows(); ++row)
        batch.targets[row] =
            static_cast<std::int32_t>(rng.below(1000, static_cast<std::uint64_t>(batch.first_row + row)));
    }
  };
  const Marked data(40, 5);
  const Prepare prepare = [](Batch& batch, const Rng& rng) {
    for (index_t row = 0; row < batch.rows(); ++row)
      batch.targets[row] +=
          1000 * static_cast<std::int32_t>(rng.below(1000, static_cast<std::uint64_t>(batch.first_row + row)));
  };
  const auto targets = [&](StepRows cut, index_t step, const Rng& rng) {
    const Feed feed(data, Order::epochs, cut, Rng(1), rng, prepare);
    std::vector<std::int32_t> all;
    for (index_t micro = 0; micro < cut.micro_batches; ++micro) {
      const Batch batch = feed.batch(step, micro);
      all.insert(all.end(), batch.targets.data(), batch.targets.data() + batch.targets.numel());
    }
    return all;
  };
  const auto eight = targets({8, 1}, 3, Rng(2));
  CHECK(eight == targets({4, 2}, 3, Rng(2)));
  CHECK(eight != targets({8, 1}, 4, Rng(2)));
  CHECK(eight != targets({8, 1}, 3, Rng(3)));
  CHECK(std::all_of(eight.begin(), eight.end(), [](std::int32_t t) { return t / 1000 != t % 1000; }));  // two streams
  CHECK(get_examples(data, Split::val, 0, 5).targets.numel() == 0);  // what is judged stays as it is
}

}  // namespace heddle
