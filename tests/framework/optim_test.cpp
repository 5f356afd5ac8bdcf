#include "framework/optim.h"

#include <catch2/catch.hpp>

#include "tests/golden/golden.h"

namespace heddle {

TEST_CASE("optimizers take PyTorch's steps") {
  const Golden golden("optim.txt");
  const std::string kind = GENERATE("sgd", "nesterov", "adam", "adamw");
  OptimConfig config;
  config.kind = kind == "nesterov" ? "sgd" : kind;
  config.nesterov = kind == "nesterov";
  config.momentum = 0.8;
  config.beta1 = 0.8;
  config.beta2 = 0.95;
  config.eps = 1e-6;
  config.weight_decay = 0.2;
  std::vector<NamedTensor> parameters;
  for (const char* name : {"weight", "bias"}) parameters.push_back({name, golden.tensor(name).set_requires_grad()});
  Optimizer optimizer(config, parameters);
  for (int step = 0; step < 5; ++step) {
    for (NamedTensor& p : parameters)
      p.tensor.mutable_grad() = golden.tensor("grad/" + std::to_string(step) + "/" + p.name);
    optimizer.step(0.03);
  }
  for (const NamedTensor& p : parameters) {
    INFO(kind << " " << p.name);
    REQUIRE(golden_error(p.tensor, golden.values(kind + "/" + p.name)) < (sizeof(real) == 8 ? 1e-12 : 1e-5));
  }
}

TEST_CASE("a parameter without a gradient stays as it is, decay included") {
  NamedTensor p{"w", Tensor::full({2, 2}, 3).set_requires_grad()};
  Optimizer optimizer(OptimConfig(), {p});
  optimizer.step(1);
  REQUIRE(p.tensor.data()[0] == 3);
}

TEST_CASE("gradients are clipped to the norm of all of them together") {
  const real nan = std::numeric_limits<real>::quiet_NaN();
  std::vector<NamedTensor> parameters = {{"a", Tensor::full({3}, 0).set_requires_grad()},
                                         {"b", Tensor::full({1}, 0).set_requires_grad()}};
  parameters[0].tensor.mutable_grad() = Tensor::from({3, 0, 0}, {3});
  parameters[1].tensor.mutable_grad() = Tensor::from({4}, {1});
  REQUIRE(grad_norm(parameters) == Approx(5));
  REQUIRE(clip_scale(5, 10) == 1);
  REQUIRE(clip_scale(5, 0) == 1);
  REQUIRE(clip_scale(5, 1) == Approx(0.2));
  REQUIRE(clip_scale(std::numeric_limits<double>::infinity(), 1) == 1);
  OptimConfig config;
  config.kind = "sgd";
  config.momentum = 0;
  Optimizer optimizer(config, parameters);
  optimizer.step(1, clip_scale(5, 1));
  REQUIRE(parameters[0].tensor.data()[0] == Approx(-0.6));
  REQUIRE(parameters[1].tensor.item() == Approx(-0.8));
  REQUIRE(parameters[1].tensor.grad().item() == 4);  // the gradient itself stays
  parameters[0].tensor.mutable_grad() = Tensor::from({nan, 0, 0}, {3});
  REQUIRE(std::isnan(grad_norm(parameters)));
  REQUIRE(clip_scale(grad_norm(parameters), 1) == 1);
}

TEST_CASE("learning rates rise through warm-up and fall by their schedule to min_lr") {
  OptimConfig config;
  config.lr = 1;
  config.min_lr = 0.1;
  config.warmup_steps = 9;
  const auto rate = [&](const char* schedule, index_t step) {
    config.schedule = schedule;
    return learning_rate(config, step, 109);
  };
  for (const char* schedule : {"constant", "linear", "cosine", "inverse_sqrt"}) {
    REQUIRE(rate(schedule, 0) == Approx(0.1));
    REQUIRE(rate(schedule, 8) == Approx(0.9));
    REQUIRE(rate(schedule, 9) == Approx(1));
    for (index_t step = 10; step < 200; ++step) REQUIRE(rate(schedule, step) <= rate(schedule, step - 1));
  }
  REQUIRE(rate("constant", 500) == 1);
  REQUIRE(rate("linear", 59) == Approx(0.55));
  REQUIRE(rate("cosine", 59) == Approx(0.55));
  REQUIRE(rate("cosine", 34) == Approx(0.1 + 0.9 * (0.5 + std::sqrt(0.125))));
  REQUIRE(rate("linear", 109) == Approx(0.1));
  REQUIRE(rate("cosine", 5000) == Approx(0.1));
  REQUIRE(rate("inverse_sqrt", 39) == Approx(0.5));
  REQUIRE(rate("inverse_sqrt", 100000) == Approx(0.1));
  config.decay_steps = 19;
  REQUIRE(rate("linear", 14) == Approx(0.55));
}

}  // namespace heddle
