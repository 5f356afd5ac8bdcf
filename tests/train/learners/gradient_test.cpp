#include "train/learners/gradient.h"

#include <catch2/catch.hpp>

#include "models/gpt.h"

namespace heddle {
namespace {

struct Tiny {
  Tiny() : model(config(), 11, Rng(1)) {}
  static GPTConfig config() {
    GPTConfig config;
    config.n_layer = 2;
    config.n_head = 2;
    config.n_embd = 8;
    config.context = 4;
    config.tied = false;
    return config;
  }
  std::unique_ptr<Learner> learner(std::vector<std::string> freeze, std::int64_t accumulate = 1) {
    GradientConfig settings;
    settings.freeze = std::move(freeze);
    settings.accumulate = accumulate;
    settings.optim.ema_decay = 0.9;
    return settings.make(model, Rng(2), Precision::f32);
  }
  GPT model;
};

}  // namespace

TEST_CASE("parameters that train.freeze names take no gradients, moments or averages") {
  Tiny whole, part;
  const MemoryEstimate all = whole.learner({}, 2)->lasting_memory();
  const MemoryEstimate head =
      part.learner({"token_embedding", "position_embedding", "blocks/0..1", "norm"}, 2)->lasting_memory();
  CHECK(head.parameters == all.parameters);
  CHECK(head.gradients == 2 * 11 * 8 * sizeof(real));  // two sets, of the head
  CHECK(head.optimizer == 3 * 11 * 8 * sizeof(real));  // two moments and the average
  CHECK(all.gradients == 2 * all.parameters);
  CHECK(all.optimizer == 3 * all.parameters);
}

TEST_CASE("a learner whose every parameter is frozen is refused, and so is a name that is not there") {
  Tiny tiny;
  CHECK_THROWS_WITH(tiny.learner({"*"}), Catch::Contains("train.freeze: every parameter is frozen"));
  CHECK_THROWS_WITH(Tiny().learner({"head", "heads"}), Catch::Contains("no parameter fits heads; the nearest is head"));
}

}  // namespace heddle
