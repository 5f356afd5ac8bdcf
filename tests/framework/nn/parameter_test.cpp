#include "framework/nn/parameter.h"

#include <catch2/catch.hpp>

#include "framework/nn/layers.h"
#include "framework/nn/pattern.h"
#include "framework/optim.h"

namespace heddle {
namespace {

/// A model with a table that is embedding and head in one.
struct Tied {
  explicit Tied(Initializer init)
      : embedding(5, 4, init, 0.1),
        places(3, 4, init, 0.1),
        layer(4, 4, true, init, 0.1),
        norm(4, {}, init),
        head(embedding) {}
  template <class Archive>
  void serialize(Archive& ar, unsigned) {
    ar& BOOST_SERIALIZATION_NVP(embedding) & BOOST_SERIALIZATION_NVP(places) & BOOST_SERIALIZATION_NVP(layer);
    ar& BOOST_SERIALIZATION_NVP(norm) & BOOST_SERIALIZATION_NVP(head);
  }
  Tensor loss(const IdTensor& ids) {
    const Tensor x = embedding.forward(ids) + places.forward(IdTensor({0, 1}, {2}));
    return cross_entropy(head.forward(norm.forward(layer.forward(x, Context())), Context()), ids);
  }
  Embedding embedding, places;
  Linear layer;
  Norm norm;
  Linear head;
};

/// Layers beside each other, with numbers of one and two digits.
struct Stack {
  explicit Stack(Initializer init) {
    for (int i = 0; i < 12; ++i) layers.emplace_back(2, 2, true, init, 1);
  }
  template <class Archive>
  void serialize(Archive& ar, unsigned) {
    ar& BOOST_SERIALIZATION_NVP(layers);
  }
  std::vector<Linear> layers;
};

std::vector<real> values(const Tensor& x) { return {x.span().begin(), x.span().end()}; }

}  // namespace

TEST_CASE("a layer says the roles of its parameters, and a tied head's table is multiplied with") {
  Tied model{Rng(1)};
  const auto all = named_parameters(model);
  REQUIRE(all.size() == 6);
  const auto check = [&](std::size_t i, const char* name, Role role, bool multiplied) {
    CHECK(all[i].name == name);
    CHECK(all[i].role == role);
    CHECK(all[i].multiplied == multiplied);
  };
  check(0, "embedding/weight", Role::table, true);
  check(1, "places/weight", Role::table, false);
  check(2, "layer/weight", Role::matrix, true);
  check(3, "layer/bias", Role::vector, false);
  check(4, "norm/weight", Role::vector, false);
  check(5, "norm/bias", Role::vector, false);
  Initializer init{Rng(1)};
  Linear head(4, 5, false, init, 0.1, Role::table);
  CHECK(named_parameters(head)[0].role == Role::table);
  CHECK(named_parameters(head)[0].multiplied);
}

TEST_CASE("a frozen parameter keeps every bit, has no gradient and takes no memory in the optimizer") {
  OptimConfig config;
  config.kind = GENERATE(OptimizerKind::sgd, OptimizerKind::adamw, OptimizerKind::muon);
  config.ema_decay = GENERATE(0.0, 0.9);
  Tied model{Rng(1)}, whole{Rng(1)};
  const IdTensor ids({1, 3, 2, 0}, {2, 2});
  const auto all = named_parameters(model);
  backward(model.loss(ids));  // a gradient from before goes too
  freeze(all, GENERATE("embedding/weight", "embedding*", "embedding"));
  CHECK(all[0].frozen());
  CHECK(!model.head.weight.requires_grad());  // the tied head is the same leaf
  CHECK(!all[0].tensor.grad().defined());
  CHECK(!all[2].frozen());
  Optimizer optimizer(config, all);
  CHECK(Optimizer::state_bytes(config, all) < Optimizer::state_bytes(config, named_parameters(whole)));
  std::vector<std::vector<real>> before;
  for (const auto& p : all) before.push_back(values(p.tensor));
  for (int step = 0; step < 3; ++step) {
    optimizer.zero_grad();
    backward(model.loss(ids));
    CHECK(!all[0].tensor.grad().defined());
    optimizer.step(0.1);
  }
  CHECK(values(all[0].tensor) == before[0]);
  for (std::size_t i = 1; i < all.size(); ++i) CHECK(values(all[i].tensor) != before[i]);
  optimizer.swap_average();
  CHECK(values(all[0].tensor) == before[0]);
}

TEST_CASE("gradients of what is not frozen are those without freezing, and unfreezing brings the rest back") {
  Tied model{Rng(1)};
  const IdTensor ids({1, 3, 2, 0}, {2, 2});
  auto all = named_parameters(model);
  backward(model.loss(ids));
  std::vector<std::vector<real>> before;
  for (auto& p : all) {
    before.push_back(values(p.tensor.grad()));
    p.tensor.zero_grad();
  }
  freeze(all, "layer/*");
  freeze(all, "norm/*");
  backward(model.loss(ids));
  for (std::size_t i = 0; i < all.size(); ++i) {
    CHECK(all[i].tensor.grad().defined() == (i < 2));
    if (i < 2) CHECK(values(all[i].tensor.grad()) == before[i]);
    all[i].tensor.zero_grad();
    all[i].tensor.set_requires_grad();
  }
  backward(model.loss(ids));
  for (std::size_t i = 0; i < all.size(); ++i) CHECK(values(all[i].tensor.grad()) == before[i]);
}

TEST_CASE("what cannot be frozen is told: a name that is not there, the result of an op") {
  Tied model{Rng(1)};
  CHECK_THROWS_WITH(freeze(named_parameters(model), "layers/*"),
                    Catch::Contains("no parameter fits layers/*; the nearest is layer"));
  Tensor y = exp(model.layer.weight);
  CHECK_THROWS_WITH(y.set_requires_grad(false), Catch::Contains("the result of exp"));
  Tensor plain = Tensor::zeros({2});
  CHECK(!plain.set_requires_grad(false).requires_grad());
}

TEST_CASE("a path freezes all that is below it, a range of numbers each of them, and nothing else") {
  const auto frozen = [](const std::string& pattern) {
    Stack stack{Rng(1)};
    freeze(named_parameters(stack), pattern);
    std::vector<std::string> names;
    index_t elements = 0;
    for (const auto& p : named_parameters(stack)) {
      if (p.frozen()) names.push_back(p.name);
      if (p.frozen()) elements += p.tensor.numel();
    }
    CHECK(count_frozen(named_parameters(stack)) == elements);
    return names;
  };
  using Names = std::vector<std::string>;
  CHECK(frozen("layers/1") == Names{"layers/1/weight", "layers/1/bias"});
  CHECK(frozen("layers/9..10") == Names{"layers/9/weight", "layers/9/bias", "layers/10/weight", "layers/10/bias"});
  CHECK(frozen("layers/3..3/bias") == Names{"layers/3/bias"});
  CHECK(frozen("layers/10..11/bias") == Names{"layers/10/bias", "layers/11/bias"});
  CHECK(frozen("layers/0..1*").size() == 8);  // 0, and what begins with 1
  CHECK(frozen("layers").size() == 24);
  CHECK_THROWS_WITH(frozen("layers/10..12"), Catch::Contains("no parameter fits layers/12; the nearest is layers/1"));
  CHECK_THROWS_WITH(frozen("layers/0..99999999999"), Catch::Contains("no parameter fits layers/12;"));
  CHECK_THROWS_WITH(frozen("layers/2..1"), Catch::Contains("holds no number"));
  for (const char* range : {"layers/..3", "layers/0..", "layers/0..x", "layers/0..99999999999999999999"})
    CHECK_THROWS_WITH(frozen(range), Catch::Contains("stands between two whole numbers"));
  CHECK_THROWS_WITH(frozen("layers/1/weights"), Catch::Contains("the nearest is layers/1/weight"));
  CHECK_THROWS_WITH(frozen("ayers"), Catch::Contains("the nearest is layers"));
}

TEST_CASE("a star in a pattern stands for any characters, all else for itself") {
  CHECK(fits("a/b", "a/b"));
  CHECK(!fits("a/b", "a/bc"));
  CHECK(!fits("a/bc", "a/b"));
  CHECK(fits("blocks/*/weights", "blocks/3/attention/weights"));
  CHECK(!fits("blocks/*/weights", "blocks/3/attention/weight"));
  CHECK(fits("*", ""));
  CHECK(fits("*b*", "abc"));
  CHECK(!fits("*b*", "acd"));
  CHECK(!fits("", "a"));
}

TEST_CASE("an initializer that counts makes parameters of any size without elements, each its own") {
  Initializer counting = Initializer::counting();
  const auto before = pool_stats().bytes_in_use;
  const Parameter a = counting.normal({1 << 20, 1 << 19}, 1, Role::matrix),
                  b = counting.full({1 << 20, 1 << 19}, 0, Role::table);
  CHECK(pool_stats().bytes_in_use < before + 1000);
  CHECK(a.numel() == index_t{1} << 39);
  CHECK(a.defined());
  CHECK(a.requires_grad());
  CHECK(a.data() == nullptr);
  CHECK(!a.shares_storage(b));
  CHECK(b.role == Role::table);
}

TEST_CASE("an initializer draws each parameter from its own stream, and one for shapes draws nothing") {
  Initializer init{Rng(3)};
  const Parameter a = init.normal({4, 5}, 0.5, Role::matrix), ones = init.full({3}, 1, Role::vector),
                  b = init.uniform({4, 5}, 0.5, Role::table);
  CHECK(values(a) == values(Tensor::normal({4, 5}, Rng(3).fork(0), 0.5)));
  CHECK(values(b) == values(Tensor::uniform({4, 5}, Rng(3).fork(1), -0.5, 0.5)));
  CHECK(values(init.normal({2}, 1, Role::vector)) == values(Tensor::normal({2}, Rng(3).fork(2))));
  CHECK(values(ones) == std::vector<real>{1, 1, 1});
  CHECK(a.requires_grad());

  pool_trim();
  {
    Tensor used = Tensor::full({4, 5}, 7);  // its memory is the next to be taken
  }
  Initializer shapes = Initializer::shapes_only();
  const Parameter c = shapes.normal({4, 5}, 0.5, Role::matrix);
  CHECK(c.shape() == Shape{4, 5});
  CHECK(c.requires_grad());
  const std::vector<real> found = values(c);  // as it was left, but for what the pool writes at its beginning
  CHECK(std::count(found.begin(), found.end(), real{7}) >= 16);
}

}  // namespace heddle
