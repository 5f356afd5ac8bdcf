#include "train/learners/word2vec.h"

#include <cmath>
#include <limits>

#include "framework/profile.h"
#include "models/word2vec/word2vec.h"

namespace heddle {
namespace {

class Word2VecLearner final : public Learner {
 public:
  Word2VecLearner(Word2Vec& model, const Rng& rng) : model_(model), rng_(rng) {}

  StepResult step(const Feed& feed, index_t step, double lr) override {
    if (Profile* profile = Profile::current()) profile->restart();
    const Batch batch = feed.batch(step, 0);
    profile_lap("batch");
    const LossSum sum = model_.update(batch, lr, rng_.fork(static_cast<std::uint64_t>(step)));
    profile_lap("update");
    ensure(std::isfinite(sum.nats), "step ", step + 1, ": loss ", sum.nats,
           "; the vectors are as they were before the step: lower optim.lr");
    StepResult result;
    result.loss = sum.count > 0 ? sum.nats / static_cast<double>(sum.count) : std::numeric_limits<double>::quiet_NaN();
    result.inputs = static_cast<double>(batch.inputs_shown());
    result.flops = model_.flops(batch);
    return result;
  }

  ExchangeWork exchange_work() const override {
    return {model_.sent_bytes(), model_.sent_seconds(), model_.sent_seconds()};
  }

  MemoryEstimate lasting_memory() const override {
    return Word2VecLearnerConfig().lasting_memory(model_, Precision::f32);
  }

  MemoryEstimate estimate_memory(const Feed& feed, index_t rows) override {
    model_.loss_sum(feed.trial(rows), rng_);
    MemoryEstimate memory = lasting_memory();
    memory.activations = model_.working_bytes(rows);
    return memory;
  }

 private:
  Word2Vec& model_;
  Rng rng_;
};

}  // namespace

MemoryEstimate Word2VecLearnerConfig::lasting_memory(Model& model, Precision) const {
  MemoryEstimate memory;
  memory.parameters = static_cast<double>(count_elements(model.named_parameters())) * sizeof(real);
  return memory;
}

std::unique_ptr<Learner> Word2VecLearnerConfig::make(Model& model, const Rng& rng, Precision) const {
  return std::make_unique<Word2VecLearner>(dynamic_cast<Word2Vec&>(model), rng);
}

}  // namespace heddle
