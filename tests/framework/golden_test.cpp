// What PyTorch computes in float64 by its own functions, or by others' published formulas: ops of transformers with
// their gradients, and Muon.

#include "tests/golden/golden.h"

#include <catch2/catch.hpp>
#include <functional>

#include "framework/ops.h"
#include "framework/optim.h"

namespace heddle {
namespace {

constexpr double kTolerance = sizeof(real) == sizeof(double) ? 1e-9 : 1e-4;

struct Case {
  const char* name;
  std::function<Tensor(const std::vector<Tensor>&)> f;
};

Tensor attention(const std::vector<Tensor>& x, bool causal) {
  AttentionOptions options;
  options.causal = causal;
  return scaled_dot_product_attention(x[0], x[1], x[2], options);
}

}  // namespace

TEST_CASE("rotary positions, norms, SwiGLU and grouped attention compute PyTorch's values and gradients") {
  using Inputs = std::vector<Tensor>;
  const std::vector<Case> cases = {
      {"rotary", [](const Inputs& x) { return rotary(x[0], 3); }},
      {"rotary_some", [](const Inputs& x) { return rotary(x[0], 0, 500, 2); }},
      {"head_norm", [](const Inputs& x) { return head_norm(x[0]); }},
      {"head_norm_some", [](const Inputs& x) { return head_norm(x[0], 2, 0.1); }},
      {"rms_norm", [](const Inputs& x) { return rms_norm(x[0], x[1]); }},
      {"rms_norm_eps", [](const Inputs& x) { return rms_norm(x[0], x[1], 0.1); }},
      {"swiglu", [](const Inputs& x) { return linear(x[0], x[1], x[2], Activation::swiglu); }},
      {"grouped", [](const Inputs& x) { return attention(x, false); }},
      {"grouped_causal", [](const Inputs& x) { return attention(x, true); }},
      {"one_group", [](const Inputs& x) { return attention(x, true); }},
  };
  const Golden golden("ops.txt");
  for (const Case& c : cases) {
    INFO(c.name);
    const std::string name = std::string(c.name) + "/";
    Inputs inputs;
    while (golden.contains(name + std::to_string(inputs.size())))
      inputs.push_back(golden.tensor(name + std::to_string(inputs.size())).set_requires_grad());
    REQUIRE(!inputs.empty());
    const Tensor y = c.f(inputs);
    REQUIRE(y.shape() == golden.tensor(name + "y").shape());
    CHECK(golden_error(y, golden.values(name + "y")) < kTolerance);
    backward(y, golden.tensor(name + "dy"));
    for (std::size_t i = 0; i < inputs.size(); ++i)
      CHECK(golden_error(inputs[i].grad(), golden.values(name + "d" + std::to_string(i))) < kTolerance);
  }
}

TEST_CASE("three steps of Muon with momentum, decay and clipped gradients are its formula's, tall, wide and square") {
  const Golden golden("ops.txt");
  const std::string name = GENERATE("muon/7x4", "muon/4x9", "muon/5x5");
  INFO(name);
  OptimConfig config;
  config.kind = OptimizerKind::muon;
  config.momentum = 0.9;
  config.weight_decay = 0.1;
  NamedParameter p{"fc/weight", golden.tensor(name + "/weight").set_requires_grad(), Role::matrix};
  Optimizer optimizer(config, {p});
  const auto& scales = golden.values("muon/scales");
  for (std::size_t step = 0; step < scales.size(); ++step) {
    p.tensor.mutable_grad() = golden.tensor(name + "/grad/" + std::to_string(step));
    optimizer.step(0.02, scales[step]);
  }
  REQUIRE(golden_error(p.tensor, golden.values(name + "/after")) < kTolerance);
}

}  // namespace heddle
