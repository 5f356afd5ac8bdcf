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

TEST_CASE("orthogonalized keeps a matrix's singular vectors and brings its singular values near 1") {
  const Shape shape = GENERATE(Shape{6, 6}, Shape{4, 11}, Shape{11, 4});
  const index_t rows = shape[0], columns = shape[1], rank = std::min(rows, columns);
  // x = sum of s_i u_i v_i^T with the columns of cosine transforms as orthonormal vectors
  const auto vector = [](index_t n, index_t which, index_t i) {
    const double pi = std::acos(-1.0);
    return std::sqrt((which == 0 ? 1.0 : 2.0) / static_cast<double>(n)) *
           std::cos(pi * static_cast<double>(which) * (static_cast<double>(i) + 0.5) / static_cast<double>(n));
  };
  Tensor x = Tensor::zeros(shape);
  for (index_t k = 0; k < rank; ++k) {
    for (index_t i = 0; i < x.numel(); ++i)
      x.data()[i] += static_cast<real>(3.0 / static_cast<double>(1 + 2 * k) * vector(rows, k, i / columns) *
                                       vector(columns, k, i % columns));
  }
  const Tensor y = orthogonalized(x);
  REQUIRE(y.shape() == shape);
  for (index_t a = 0; a < rank; ++a) {
    for (index_t b = 0; b < rank; ++b) {
      double along = 0;  // u_a^T y v_b
      for (index_t i = 0; i < y.numel(); ++i)
        along += vector(rows, a, i / columns) * static_cast<double>(y.data()[i]) * vector(columns, b, i % columns);
      INFO(shape << " " << a << " " << b);
      if (a == b) {
        CHECK(along > 0.6);
        CHECK(along < 1.2);
      } else {
        CHECK(std::abs(along) < 1e-3);
      }
    }
  }
  const Tensor none = orthogonalized(Tensor::zeros(shape));
  REQUIRE(std::all_of(none.span().begin(), none.span().end(), [](real v) { return v == 0; }));
}

namespace {

/// The parameters after `steps` steps with gradients that depend on the step alone.
std::vector<NamedTensor> stepped(const OptimConfig& config, int steps, std::vector<NamedTensor> parameters) {
  Optimizer optimizer(config, parameters);
  for (int step = 0; step < steps; ++step) {
    for (std::size_t i = 0; i < parameters.size(); ++i)
      parameters[i].tensor.mutable_grad() =
          Tensor::normal(parameters[i].tensor.shape(), Rng(3).fork(i + 10 * static_cast<std::uint64_t>(step)));
    optimizer.step(0.01);
  }
  optimizer.swap_average();
  return parameters;
}

std::vector<NamedTensor> three_parameters() {
  std::vector<NamedTensor> all;
  for (const char* name : {"blocks/0/mlp/fc/weight", "token_embedding/weight", "blocks/0/mlp/fc/bias"})
    all.push_back(
        {name, Tensor::normal(all.size() == 2 ? Shape{5} : Shape{5, 3}, Rng(all.size())).set_requires_grad()});
  return all;
}

}  // namespace

TEST_CASE("bf16 copies of weights follow every change that an optimizer makes") {
  OptimConfig config;
  config.kind = GENERATE("sgd", "adam", "adamw", "muon");
  config.ema_decay = 0.5;
  const auto parameters = three_parameters();
  for (const NamedTensor& p : parameters) keep_rounded(p.tensor);
  const auto check = [&] {
    for (const NamedTensor& p : parameters) {
      for (index_t i = 0; i < p.tensor.numel(); ++i) REQUIRE(rounded_of(p.tensor)[i] == to_bf16(p.tensor.data()[i]));
    }
  };
  Optimizer optimizer(config, parameters);
  std::vector<real> before(parameters[0].tensor.span().begin(), parameters[0].tensor.span().end());
  for (const NamedTensor& p : parameters) {
    Tensor handle = p.tensor;
    handle.mutable_grad() = Tensor::normal(p.tensor.shape(), Rng(9));
  }
  optimizer.step(0.1);
  REQUIRE(!std::equal(before.begin(), before.end(), parameters[0].tensor.data()));
  check();
  optimizer.swap_average();
  check();
  optimizer.swap_average();
  check();
}

TEST_CASE("Muon moves hidden matrices along the orthogonalized momentum, and the rest as AdamW") {
  OptimConfig muon, adamw;
  muon.kind = "muon";
  muon.momentum = 0.95;
  const auto first = three_parameters(), a = stepped(muon, 1, three_parameters()),
             b = stepped(adamw, 1, three_parameters());
  for (const std::size_t i : {1U, 2U}) {
    const auto left = a[i].tensor.span(), right = b[i].tensor.span();
    REQUIRE(std::equal(left.begin(), left.end(), right.begin()));
  }
  Tensor ahead = Tensor::normal({5, 3}, Rng(3).fork(0));
  for (real& v : ahead.span()) v *= static_cast<real>(1.95);
  const Tensor direction = orthogonalized(ahead);
  for (index_t i = 0; i < 15; ++i) {
    const double w = static_cast<double>(first[0].tensor.data()[i]);
    REQUIRE(
        static_cast<double>(a[0].tensor.data()[i]) ==
        Approx(w - 0.01 * (0.2 * std::sqrt(5.0) * static_cast<double>(direction.data()[i]) + 0.1 * w)).epsilon(1e-4));
  }
}

TEST_CASE("averaged weights are what the formula says, and exchanging twice changes nothing") {
  OptimConfig plain, averaged;
  averaged.ema_decay = 0.7;
  const auto first = three_parameters();
  std::vector<std::vector<double>> expected;
  for (const NamedTensor& p : first) expected.emplace_back(p.tensor.span().begin(), p.tensor.span().end());
  for (int t = 1; t <= 4; ++t) {
    const auto now = stepped(plain, t, three_parameters());
    const double decay = std::min(0.7, t / (t + 9.0));
    for (std::size_t i = 0; i < now.size(); ++i) {
      for (std::size_t j = 0; j < expected[i].size(); ++j)
        expected[i][j] = decay * expected[i][j] + (1 - decay) * static_cast<double>(now[i].tensor.data()[j]);
    }
  }
  const auto result = stepped(averaged, 4, three_parameters());
  for (std::size_t i = 0; i < result.size(); ++i) {
    for (std::size_t j = 0; j < expected[i].size(); ++j)
      REQUIRE(static_cast<double>(result[i].tensor.data()[j]) == Approx(expected[i][j]).epsilon(1e-5));
  }
  auto parameters = three_parameters();
  Optimizer optimizer(averaged, parameters);
  parameters[2].tensor.mutable_grad() = Tensor::full({5}, 1);
  optimizer.step(0.01);
  const std::vector<real> before(parameters[2].tensor.span().begin(), parameters[2].tensor.span().end());
  optimizer.swap_average();
  REQUIRE(!std::equal(before.begin(), before.end(), parameters[2].tensor.span().begin()));
  optimizer.swap_average();
  REQUIRE(std::equal(before.begin(), before.end(), parameters[2].tensor.span().begin()));
}

}  // namespace heddle
