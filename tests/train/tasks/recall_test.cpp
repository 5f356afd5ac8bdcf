#include "train/tasks/recall.h"

#include <catch2/catch.hpp>

#include "data/repeats/repeats.h"
#include "data/sampler.h"
#include "models/gpt.h"

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

GPT some_gpt() {
  GPTConfig config;
  config.n_layer = 1;
  config.n_head = 1;
  config.n_embd = 8;
  config.context = 12;
  return GPT(config, 256, Rng(3));
}

/// Always says what it was told to say at each place.
class Prompter final : public GPT {
 public:
  explicit Prompter(Batch batch) : GPT(some_gpt()), batch_(std::move(batch)) {}
  Tensor logits(const IdTensor& inputs, Context&) override {
    Tensor scores = Tensor::zeros({inputs.size(0), inputs.size(1), 256});
    for (index_t i = 0; i < inputs.numel(); ++i) {
      const std::int32_t target = batch_.targets[i];
      const bool right = target != kIgnore && i % 3 != 0;  // two of three places
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
  evaluation->add(batch, context);
  evaluation->add(batch, context);
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
  GPT model = some_gpt();
  const Baselines four = make_recall(model, *rows_of_period(4, 4))->baselines({});
  CHECK(four.metric == "accuracy");
  CHECK_FALSE(four.lower_is_better);
  CHECK(four.all[0].value == Approx(0.25));
  const double mixed = make_recall(model, *rows_of_period(4, 8))->baselines({}).all[0].value;
  CHECK(mixed < 0.25);
  CHECK(mixed > 0.125);
}

}  // namespace heddle
