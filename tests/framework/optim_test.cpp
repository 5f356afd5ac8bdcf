#include "framework/optim.h"

#include <catch2/catch.hpp>

#include "framework/autograd.h"
#include "framework/ops.h"
#include "tests/golden/golden.h"

namespace heddle {

TEST_CASE("optimizers take PyTorch's steps") {
  const Golden golden("optim.txt");
  const auto [kind, nesterov] = GENERATE(table<OptimizerKind, bool>({{OptimizerKind::sgd, false},
                                                                     {OptimizerKind::sgd, true},
                                                                     {OptimizerKind::adam, false},
                                                                     {OptimizerKind::adamw, false}}));
  OptimConfig config;
  config.kind = kind;
  config.nesterov = nesterov;
  config.momentum = 0.8;
  config.beta1 = 0.8;
  config.beta2 = 0.95;
  config.eps = 1e-6;
  config.weight_decay = 0.2;
  std::vector<NamedParameter> parameters;
  for (const char* name : {"weight", "bias"}) parameters.push_back({name, golden.tensor(name).set_requires_grad()});
  Optimizer optimizer(config, parameters);
  for (int step = 0; step < 5; ++step) {
    for (NamedParameter& p : parameters)
      p.tensor.mutable_grad() = golden.tensor("grad/" + std::to_string(step) + "/" + p.name);
    optimizer.step(0.03);
  }
  for (const NamedParameter& p : parameters) {
    const std::string name = nesterov ? "nesterov" : name_of(config.kind);
    INFO(name << " " << p.name);
    REQUIRE(golden_error(p.tensor, golden.values(name + "/" + p.name)) < (sizeof(real) == 8 ? 1e-12 : 1e-5));
  }
}

TEST_CASE(
    "two optimizers that own a part of the elements each make the steps of one, and the norm of one, to the bit") {
  const auto kind = GENERATE(OptimizerKind::adamw, OptimizerKind::adam, OptimizerKind::sgd, OptimizerKind::muon);
  OptimConfig config;
  config.kind = kind;
  config.ema_decay = 0.9;
  constexpr index_t kRows = 300, kSize = kRows * 200;  // of four chunks, the last of them short
  const auto parameters = [&] {
    NamedParameter matrix{"matrix", Tensor::normal({kRows, 200}, Rng(1)).set_requires_grad()};
    NamedParameter vector{"vector", Tensor::normal({kSize}, Rng(2)).set_requires_grad(), Role::vector};
    return std::vector<NamedParameter>{matrix, vector};
  };
  auto whole = parameters(), parts = parameters();
  const index_t unit = Optimizer::unit(config, whole[0]),
                cut = kind == OptimizerKind::muon ? kSize : 2 * kOptimizerChunk;
  CHECK(unit == (kind == OptimizerKind::muon ? kSize : kOptimizerChunk));
  const std::vector<std::vector<ElementRange>> owned = {{{0, cut}, {0, kOptimizerChunk}},
                                                        {{cut, kSize}, {kOptimizerChunk, kSize}}};
  Optimizer one(config, whole), first(config, parts, Precision::f32, owned[0]),
      second(config, parts, Precision::f32, owned[1]);
  for (int step = 0; step < 3; ++step) {
    std::vector<Tensor> gradients;
    for (NamedParameter& p : whole)
      gradients.push_back(p.tensor.mutable_grad() = Tensor::normal(
                              p.tensor.shape(), Rng(7).fork(gradients.size() + 2 * static_cast<std::uint64_t>(step))));
    GradientSquares squares(whole.size());
    for (std::size_t half = 0; half < 2; ++half) {
      for (std::size_t i = 0; i < parts.size(); ++i) {
        const ElementRange range = owned[half][i];
        if (range.size() == 0) {
          parts[i].tensor.zero_grad();
          continue;
        }
        parts[i].tensor.mutable_grad() = Tensor::from(
            gradients[i].span().subspan(static_cast<std::size_t>(range.begin), static_cast<std::size_t>(range.size())),
            {range.size()});
      }
      const GradientSquares own = gradient_squares(parts);
      for (std::size_t i = 0; i < parts.size(); ++i) squares[i].insert(squares[i].end(), own[i].begin(), own[i].end());
      (half == 0 ? first : second).step(0.01, 0.5);
    }
    CHECK(grad_norm(squares) == grad_norm(whole));
    one.step(0.01, 0.5);
  }
  for (const bool averages : {false, true}) {
    INFO((averages ? "averages" : "weights"));
    for (std::size_t i = 0; i < whole.size(); ++i) {
      INFO(whole[i].name);
      CHECK(std::equal(whole[i].tensor.span().begin(), whole[i].tensor.span().end(), parts[i].tensor.span().begin()));
    }
    for (Optimizer* optimizer : {&one, &first, &second}) optimizer->swap_average();
  }
}

TEST_CASE("a parameter without a gradient stays as it is, decay included") {
  NamedParameter p{"w", Tensor::full({2, 2}, 3).set_requires_grad()};
  Optimizer optimizer(OptimConfig(), {p});
  optimizer.step(1);
  REQUIRE(p.tensor.data()[0] == 3);
}

TEST_CASE("gradients are clipped to the norm of all of them together") {
  const real nan = std::numeric_limits<real>::quiet_NaN();
  std::vector<NamedParameter> parameters = {{"a", Tensor::full({3}, 0).set_requires_grad()},
                                            {"b", Tensor::full({1}, 0).set_requires_grad()}};
  parameters[0].tensor.mutable_grad() = Tensor::from({3, 0, 0}, {3});
  parameters[1].tensor.mutable_grad() = Tensor::from({4}, {1});
  REQUIRE(grad_norm(parameters) == Approx(5));
  REQUIRE(clip_scale(5, 10) == 1);
  REQUIRE(clip_scale(5, 0) == 1);
  REQUIRE(clip_scale(5, 1) == Approx(0.2));
  REQUIRE(clip_scale(std::numeric_limits<double>::infinity(), 1) == 1);
  OptimConfig config;
  config.kind = OptimizerKind::sgd;
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
  ScheduleConfig config;
  config.lr = 1;
  config.min_lr = 0.1;
  config.warmup_steps = 9;
  const auto rate = [&](Schedule schedule, index_t step) {
    config.schedule = schedule;
    return learning_rate(config, step, 109);
  };
  for (const auto& [schedule, name] : names_of(Schedule{})) {
    INFO(name);
    REQUIRE(rate(schedule, 0) == Approx(0.1));
    REQUIRE(rate(schedule, 8) == Approx(0.9));
    REQUIRE(rate(schedule, 9) == Approx(1));
    for (index_t step = 10; step < 200; ++step) REQUIRE(rate(schedule, step) <= rate(schedule, step - 1));
  }
  REQUIRE(rate(Schedule::constant, 500) == 1);
  REQUIRE(rate(Schedule::linear, 59) == Approx(0.55));
  REQUIRE(rate(Schedule::cosine, 59) == Approx(0.55));
  REQUIRE(rate(Schedule::cosine, 34) == Approx(0.1 + 0.9 * (0.5 + std::sqrt(0.125))));
  REQUIRE(rate(Schedule::linear, 109) == Approx(0.1));
  REQUIRE(rate(Schedule::cosine, 5000) == Approx(0.1));
  REQUIRE(rate(Schedule::inverse_sqrt, 39) == Approx(0.5));
  REQUIRE(rate(Schedule::inverse_sqrt, 100000) == Approx(0.1));
  config.decay_steps = 19;
  REQUIRE(rate(Schedule::linear, 14) == Approx(0.55));
  config.decay_steps = 5;  // before the warm-up ends: the lowest rate at once
  REQUIRE(rate(Schedule::linear, 8) == Approx(0.9));
  REQUIRE(rate(Schedule::linear, 9) == Approx(0.1));
  REQUIRE(rate(Schedule::cosine, 20) == Approx(0.1));
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
      x.mutable_data()[i] += static_cast<real>(3.0 / static_cast<double>(1 + 2 * k) * vector(rows, k, i / columns) *
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
std::vector<NamedParameter> stepped(const OptimConfig& config, int steps, std::vector<NamedParameter> parameters) {
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

/// A matrix, a table and a vector.
std::vector<NamedParameter> three_parameters() {
  std::vector<NamedParameter> all;
  for (const Role role : {Role::matrix, Role::table, Role::vector})
    all.push_back({"parameter " + std::to_string(all.size()),
                   Tensor::normal(role == Role::vector ? Shape{5} : Shape{5, 3}, Rng(all.size())).set_requires_grad(),
                   role});
  return all;
}

}  // namespace

TEST_CASE("bf16 copies of weights follow every change that an optimizer makes") {
  OptimConfig config;
  config.kind = GENERATE(OptimizerKind::sgd, OptimizerKind::adam, OptimizerKind::adamw, OptimizerKind::muon);
  config.ema_decay = 0.5;
  const auto parameters = three_parameters();
  for (const NamedParameter& p : parameters) p.tensor.kept_bf16();
  const auto check = [&](bool made_anew) {
    for (const NamedParameter& p : parameters) {
      const Bf16Tensor half = made_anew ? p.tensor.kept_bf16() : p.tensor.current_bf16();
      REQUIRE(half.defined());
      for (index_t i = 0; i < p.tensor.numel(); ++i) REQUIRE(half.data()[i] == to_bf16(p.tensor.data()[i]));
    }
  };
  Optimizer optimizer(config, parameters);
  std::vector<real> before(parameters[0].tensor.span().begin(), parameters[0].tensor.span().end());
  for (const NamedParameter& p : parameters) {
    Tensor handle = p.tensor;
    handle.mutable_grad() = Tensor::normal(p.tensor.shape(), Rng(9));
  }
  optimizer.step(0.1);
  REQUIRE(!std::equal(before.begin(), before.end(), parameters[0].tensor.data()));
  check(false);  // the step wrote them
  optimizer.swap_average();
  REQUIRE_FALSE(parameters[0].tensor.current_bf16().defined());
  check(true);
  optimizer.swap_average();
  check(true);
}

TEST_CASE("Muon moves hidden matrices along the orthogonalized momentum, and the rest as AdamW") {
  OptimConfig muon, adamw;
  muon.kind = OptimizerKind::muon;
  muon.momentum = 0.95;
  const auto a = stepped(muon, 3, three_parameters()), b = stepped(adamw, 3, three_parameters());
  for (const std::size_t i : {1U, 2U}) {
    const auto left = a[i].tensor.span(), right = b[i].tensor.span();
    REQUIRE(std::equal(left.begin(), left.end(), right.begin()));
  }
  // several steps, clipped ones among them, of matrices wide and tall: v = momentum v + g,
  // w -= lr (0.2 sqrt(longer side) orthogonalized(g + momentum v) + decay w)
  const Shape shape = GENERATE(Shape{5, 3}, Shape{3, 5}, Shape{120, 140});
  const double longer = static_cast<double>(std::max(shape[0], shape[1]));
  const Tensor w = Tensor::normal(shape, Rng(1)).set_requires_grad();
  std::vector<NamedParameter> parameters{{"blocks/0/mlp/fc/weight", w}};
  Optimizer optimizer(muon, parameters);
  std::vector<double> wanted(w.span().begin(), w.span().end()), v(wanted.size(), 0);
  for (const double scale : {1.0, 0.1, 0.5}) {
    const Tensor g = Tensor::normal(shape, Rng(3).fork(static_cast<std::uint64_t>(10 * scale)));
    Tensor ahead(shape);
    real* const to = ahead.mutable_data();
    for (std::size_t i = 0; i < v.size(); ++i) {
      const double gradient = scale * static_cast<double>(g.data()[i]);
      v[i] = 0.95 * v[i] + gradient;
      to[i] = static_cast<real>(gradient + 0.95 * v[i]);
    }
    const Tensor direction = orthogonalized(ahead);
    for (std::size_t i = 0; i < v.size(); ++i)
      wanted[i] -= 0.03 * (0.2 * std::sqrt(longer) * static_cast<double>(direction.data()[i]) + 0.1 * wanted[i]);
    parameters[0].tensor.mutable_grad() = g.clone();
    optimizer.step(0.03, scale);
    for (std::size_t i = 0; i < v.size(); ++i) {
      INFO(shape << " scale " << scale << " element " << i);
      REQUIRE(static_cast<double>(w.data()[i]) ==
              Approx(wanted[i]).epsilon(0).margin(sizeof(real) == 8 ? 1e-10 : 1e-5));
    }
  }
}

TEST_CASE("an element moves alike in a large parameter and in a small one, and counts once in the norm") {
  OptimConfig config;
  config.kind = GENERATE(OptimizerKind::sgd, OptimizerKind::adam, OptimizerKind::adamw);
  config.ema_decay = 0.5;
  const index_t rows = 4, width = 10001;  // together more than two pieces of work
  const Tensor first = Tensor::normal({rows, width}, Rng(1));
  std::vector<NamedParameter> whole{{"whole", first.clone().set_requires_grad()}}, parts;
  for (index_t r = 0; r < rows; ++r) parts.push_back({"part", slice(first, 0, r, r + 1).clone().set_requires_grad()});
  Optimizer one(config, whole), many(config, parts);
  for (std::uint64_t step = 0; step < 2; ++step) {
    const Tensor g = Tensor::normal({rows, width}, Rng(2).fork(step));
    double squares = 0;
    for (const real v : g.span()) squares += static_cast<double>(v) * static_cast<double>(v);
    whole[0].tensor.mutable_grad() = g.clone();
    for (index_t r = 0; r < rows; ++r)
      parts[static_cast<std::size_t>(r)].tensor.mutable_grad() = slice(g, 0, r, r + 1).clone();
    CHECK(grad_norm(whole) == Approx(std::sqrt(squares)).epsilon(1e-9));
    CHECK(grad_norm(parts) == Approx(std::sqrt(squares)).epsilon(1e-9));
    one.step(0.1, 0.5);
    many.step(0.1, 0.5);
  }
  for (const bool averages : {false, true}) {
    if (averages) one.swap_average(), many.swap_average();
    for (index_t i = 0; i < rows * width; ++i) {
      if (whole[0].tensor.data()[i] != parts[static_cast<std::size_t>(i / width)].tensor.data()[i % width])
        FAIL("averages " << averages << " element " << i);
    }
  }
}

TEST_CASE("averaged weights are what the formula says, and exchanging twice changes nothing") {
  OptimConfig plain, averaged;
  averaged.ema_decay = 0.7;
  const auto first = three_parameters();
  std::vector<std::vector<double>> expected;
  for (const NamedParameter& p : first) expected.emplace_back(p.tensor.span().begin(), p.tensor.span().end());
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
