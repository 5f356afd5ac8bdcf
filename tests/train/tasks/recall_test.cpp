#include "train/tasks/recall.h"

#include <catch2/catch.hpp>
#include <cmath>

#include "data/repeats/repeats.h"
#include "data/sampler.h"
#include "models/capabilities.h"

namespace heddle {
namespace {

std::unique_ptr<Dataset> rows_of_period(std::int64_t shortest, std::int64_t longest) {
  RepeatsConfig config;
  config.size = 40;
  config.split.val_fraction = 0.25;
  config.min_period = shortest;
  config.max_period = longest;
  LoadOptions options;
  options.block_size = 12;
  return config.load(options);
}

/// Says at two places of three what is right, at the others something else.
class Prompter final : public Model, public NextToken {
 public:
  explicit Prompter(Batch batch) : batch_(std::move(batch)) {}
  std::vector<NamedParameter> named_parameters() override { return {}; }
  Loss loss(const Batch&, index_t, Context&) override { return {}; }
  double flops(const Batch&) override { return 0; }
  index_t context_size() const override { return 12; }
  Tensor logits(const IdTensor& inputs, Context&) override {
    Tensor scores = Tensor::zeros({inputs.size(0), inputs.size(1), 256});
    for (index_t i = 0; i < inputs.numel(); ++i) {
      const std::int32_t target = batch_.targets[i];
      const bool right = target != kIgnore && i % 3 != 0;
      scores.mutable_data()[i * 256 + (right ? target : (std::max(target, 0) + 1) % 256)] = 2;
    }
    return scores;
  }

 private:
  Batch batch_;
};

}  // namespace

TEST_CASE("recall is judged by the tokens that their rows have told, over all batches") {
  const auto dataset = rows_of_period(4, 4);
  const Batch batch = get_examples(*dataset, Split::val, 0, 2);
  Prompter model(batch);
  const auto task = make_recall(model, *dataset);
  const auto evaluation = task->evaluation(Split::val, {});
  CHECK_THROWS_WITH(evaluation->result(), Catch::Contains("no row repeats itself"));
  Context context;
  evaluation->add(evaluation->measure(batch, context));
  evaluation->add(evaluation->measure(batch, context));
  double right = 0, count = 0;
  for (index_t i = 0; i < 24; ++i) {
    if (batch.targets[i] == kIgnore) continue;
    ++count;
    right += i % 3 != 0 ? 1 : 0;
  }
  CHECK(count == 16);
  const Metrics metrics = evaluation->result();
  CHECK(metrics[1].name == "accuracy");
  CHECK(metrics[1].value == Approx(right / count));
  const double all = std::log(255 + std::exp(2.0));
  CHECK(metrics[0].value == Approx(all - 2 * right / count));
}

TEST_CASE("to guess any token that a row has said is right as often as it says different ones") {
  Prompter model({});
  const Baselines four = make_recall(model, *rows_of_period(4, 4))->baselines({});
  CHECK(four.metric == "accuracy");
  CHECK_FALSE(four.lower_is_better);
  CHECK(four.all[0].value == Approx(0.25));
  const double mixed = make_recall(model, *rows_of_period(4, 8))->baselines({}).all[0].value;
  CHECK(mixed < 0.25);
  CHECK(mixed > 0.125);
}

}  // namespace heddle
