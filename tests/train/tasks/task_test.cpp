#include "train/tasks/task.h"

#include <catch2/catch.hpp>
#include <map>
#include <set>

#include "framework/autograd.h"

namespace heddle {
namespace {

/// Ten examples to validate, known by their numbers.
class Ten final : public Dataset {
 public:
  index_t size(Split split) const override { return split == Split::val ? 10 : 0; }
  Batch get(Split, std::span<const index_t> places) const override {
    Batch batch;
    batch.inputs = IdTensor({places.begin(), places.end()}, {std::ssize(places), 1});
    return batch;
  }
  const DataState& state() const override { return state_; }
  std::uint64_t fingerprint() const override { return 0; }
  std::string describe() const override { return "ten"; }

 private:
  DataState state_;
};

/// What batches an evaluation was shown: the rows of each, and the first of its random numbers, by its first example.
struct Shown {
  std::map<index_t, index_t> rows;
  std::map<index_t, std::uint64_t> bits;
};

class Recorder final : public Task, public Evaluation {
 public:
  Unit unit() const override { return {"row", "rows"}; }
  Baselines baselines(const Progress&) const override { return {}; }
  std::unique_ptr<Evaluation> evaluation(Split) const override { return std::make_unique<Recorder>(*this); }
  void add(const Batch& batch, Context& context) override {
    CHECK_FALSE(grad_enabled());
    CHECK_FALSE(context.training);
    shown->rows[batch.inputs[0]] = batch.rows();
    shown->bits[batch.inputs[0]] = context.next_rng().bits(0);
  }
  Metrics result() const override { return {}; }

  std::shared_ptr<Shown> shown = std::make_shared<Shown>();
};

Shown shown_by(index_t rows, index_t batches) {
  const Recorder task;
  evaluate(task, Ten(), Split::val, {rows, batches, Precision::f32});
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
  CHECK_THROWS_WITH(evaluate(Recorder(), Ten(), Split::test, {}), Catch::StartsWith("the test split is empty"));
}

}  // namespace heddle
