#include <catch2/catch.hpp>
#include <cmath>
#include <map>

#include "framework/ops.h"

namespace heddle {
namespace {

Tensor leaf(std::initializer_list<real> values) {
  Tensor t = Tensor::from(values, {static_cast<index_t>(values.size())});
  t.set_requires_grad();
  return t;
}

}  // namespace

TEST_CASE("gradients add up over several backward calls, until zero_grad") {
  Tensor x = leaf({1, 2});
  for (int i = 0; i < 3; ++i) backward(sum(x * x));
  REQUIRE(x.grad().data()[1] == Approx(12));
  x.zero_grad();
  REQUIRE_FALSE(x.grad().defined());
  backward(sum(x * x));
  REQUIRE(x.grad().data()[1] == Approx(4));
}

TEST_CASE("a tensor used twice gets both gradients, along every path") {
  Tensor x = leaf({3});
  const Tensor a = x * real{2};
  const Tensor b = a * a + a + x;  // 4x^2 + 3x
  backward(b);
  REQUIRE(x.grad().item() == Approx(8 * 3 + 3));
}

TEST_CASE("detach and NoGradGuard keep ops out of the graph") {
  Tensor x = leaf({2});
  backward(x * x.detach());
  REQUIRE(x.grad().item() == Approx(2));
  {
    const NoGradGuard outer;
    { const NoGradGuard inner; }
    REQUIRE_FALSE((x * x).requires_grad());
  }
  REQUIRE((x * x).requires_grad());
  REQUIRE_THROWS_WITH(backward(x.detach() * real{2}), Catch::Contains("requires a gradient"));
}

TEST_CASE("an intermediate result keeps its gradient if retained, and passes on no more than its own") {
  Tensor x = leaf({3});
  Tensor a = x * x;
  a.retain_grad();
  const Tensor b = a * real{5};
  backward(b, {}, true);
  backward(b);
  REQUIRE(a.grad().item() == Approx(10));
  REQUIRE(x.grad().item() == Approx(2 * 30));
  REQUIRE_FALSE(b.grad().defined());
}

TEST_CASE("a graph is freed by backward, and a second one over it is refused") {
  Tensor x = leaf({3});
  const Tensor y = x * x;
  const Tensor z = sum(y);
  backward(z);
  REQUIRE_THROWS_WITH(backward(z), Catch::Contains("retain_graph"));
  REQUIRE_THROWS_WITH(backward(sum(y)), Catch::Contains("multiply") && Catch::Contains("retain_graph"));
  REQUIRE(x.grad().item() == Approx(6));
}

TEST_CASE("a failed backward leaves nothing behind for the next one") {
  Tensor x = leaf({1});
  const Tensor bad = make_result("bad", x.clone(), {x}, [](const Tensor&) -> Grads { throw Error("bad op"); });
  const Tensor good = x * real{2};
  REQUIRE_THROWS_WITH(backward(good + bad), Catch::Contains("bad op"));
  x.zero_grad();
  backward(x * real{2});
  REQUIRE(x.grad().item() == Approx(2));
}

TEST_CASE("a gradient of the wrong count or shape is refused by the op's name") {
  Tensor x = leaf({1, 2});
  REQUIRE_THROWS_WITH(backward(make_result("odd", Tensor::scalar(1), {x}, [](const Tensor&) -> Grads { return {}; })),
                      Catch::Contains("odd gave 0 gradients for 1 inputs"));
  REQUIRE_THROWS_WITH(
      backward(make_result("odd", Tensor::scalar(1), {x}, [](const Tensor& dy) -> Grads { return {dy}; })),
      Catch::Contains("odd gave gradient []") && Catch::Contains("[2]"));
  REQUIRE_THROWS_WITH(backward(x * x), Catch::Contains("more than one element"));
  REQUIRE_THROWS_WITH(backward(x * x, Tensor::scalar(1)), Catch::Contains("does not fit"));
}

TEST_CASE("a leaf's gradient shares its elements with nobody") {
  Tensor x = leaf({1, 2}), y = leaf({3, 4});
  const Tensor seed = Tensor::full({2}, 1);
  backward(x + y, seed);  // both gradients are the seed itself
  x.mutable_grad().mutable_data()[0] = 100;
  REQUIRE(y.grad().data()[0] == Approx(1));
  REQUIRE(seed.data()[0] == Approx(1));
}

TEST_CASE("a gradient that was read stays as it was when more is added") {
  Tensor x = leaf({1, 2});
  backward(sum(x * x));
  const Tensor first = x.grad();
  backward(sum(x * x));
  REQUIRE(first.data()[1] == 4);
  REQUIRE(x.grad().data()[1] == 8);
}

TEST_CASE("an op may get one tensor as two inputs, and give no gradient for one of them") {
  Tensor x = leaf({3});
  backward(make_result("pair", x.clone(), {x, x}, [](const Tensor& dy) -> Grads { return {dy, dy}; }));
  REQUIRE(x.grad().item() == 2);
  backward(make_result("half", x.clone(), {x, x}, [](const Tensor& dy) -> Grads { return {Tensor(), dy}; }));
  REQUIRE(x.grad().item() == 3);
}

TEST_CASE("a guard that an error unwinds restores what was before") {
  Tensor x = leaf({1});
  try {
    const NoGradGuard no_grad;
    const FiniteGuard finite;
    log(x * real{-1});
    FAIL("the logarithm of -1 passed");
  } catch (const Error&) {
  }
  REQUIRE(grad_enabled());
  REQUIRE_NOTHROW(log(x * real{-1}));
  const Tensor bad = make_result("bad", x.clone(), {x}, [](const Tensor&) -> Grads { throw Error("bad op"); });
  REQUIRE_THROWS_WITH(backward(bad), "bad op");
  REQUIRE(grad_enabled());
}

TEST_CASE("an op's result cannot be made a leaf") {
  Tensor x = leaf({1});
  Tensor y = x * x;
  REQUIRE_THROWS_WITH(y.set_requires_grad(), Catch::Contains("result of multiply"));
  REQUIRE_THROWS_WITH(Tensor::scalar(1).retain_grad(), Catch::Contains("outside the graph"));
  REQUIRE_THROWS_WITH(Tensor::scalar(1).mutable_grad(), Catch::Contains("outside the graph"));
  REQUIRE_THROWS_WITH(Tensor().set_requires_grad(), Catch::Contains("undefined"));
  REQUIRE_NOTHROW(x.set_requires_grad());
}

TEST_CASE("a chain of 200,000 ops goes backward and is dropped without overflowing the stack") {
  constexpr int kOps = 200000;
  SECTION("backward") {
    Tensor x = leaf({1});
    Tensor y = x;
    for (int i = 0; i < kOps; ++i) y = y + real{1};
    backward(y);
    REQUIRE(x.grad().item() == Approx(1));
  }
  SECTION("backward, each closure holding the tensor before it") {
    Tensor x = leaf({1});
    Tensor y = x;
    for (int i = 0; i < kOps; ++i) y = y * x;
    backward(y);
    REQUIRE(x.grad().item() == kOps + 1);
    y = {};
    REQUIRE(x.node().use_count() == 1);
  }
  SECTION("backward over a kept graph, then dropped") {
    Tensor x = leaf({1});
    Tensor y = x;
    for (int i = 0; i < kOps; ++i) y = y * x;
    backward(y, {}, true);
    y = {};
    REQUIRE(x.node().use_count() == 1);
  }
  SECTION("dropped unused") {
    Tensor x = leaf({1});
    Tensor y = x;
    for (int i = 0; i < kOps; ++i) y = y + real{1};
    y = {};
    REQUIRE(x.node().use_count() == 1);
  }
  SECTION("dropped unused, each closure holding the tensor before it") {
    Tensor x = leaf({1});
    Tensor y = x;
    for (int i = 0; i < kOps; ++i) y = y * x;
    y = {};
    REQUIRE(x.node().use_count() == 1);
  }
}

TEST_CASE("a FiniteGuard names the first op whose result or gradient is not finite") {
  Tensor x = leaf({-1, 4});
  REQUIRE_NOTHROW(log(x));
  const FiniteGuard guard;
  REQUIRE_THROWS_WITH(sum(log(x) * real{2}), Catch::Contains("log: result") && Catch::Contains("nan at element 0"));
  Tensor zero = leaf({0});
  REQUIRE_THROWS_WITH(backward(sqrt(zero) * real{2}), Catch::Contains("sqrt: gradient") && Catch::Contains("inf"));
}

TEST_CASE("a repeated step takes no memory from the system") {
  Tensor w = Tensor::normal({64, 64}, Rng(1)).set_requires_grad();
  const Tensor x = Tensor::normal({33, 64}, Rng(2));
  const auto step = [&] {
    w.zero_grad();
    backward(mean(gelu(linear(x, w)) * softmax(linear(x, w))));
  };
  step();
  step();
  const std::size_t before = pool_stats().system_requests;
  for (int i = 0; i < 5; ++i) step();
  REQUIRE(pool_stats().system_requests == before);
}

TEST_CASE("what is recomputed has the same bits and gradients, and keeps less") {
  const auto run = [](bool again, std::size_t& held) {
    Tensor x = Tensor::normal({64, 8}, Rng(1)).set_requires_grad(),
           w = Tensor::normal({8, 8}, Rng(2)).set_requires_grad();
    const auto f = [&](const std::vector<Tensor>& in) {
      Tensor y = in[0];
      for (int i = 0; i < 10; ++i) y = tanh(linear(y, w));
      return y;
    };
    const std::size_t before = pool_stats().bytes_in_use;
    const Tensor h = x * real{2}, y = again ? recomputed({h}, f) : f({h});
    held = pool_stats().bytes_in_use - before;
    backward(sum(y * y));
    std::vector<real> all(y.span().begin(), y.span().end());
    for (const Tensor& t : {x, w}) all.insert(all.end(), t.grad().span().begin(), t.grad().span().end());
    return all;
  };
  std::size_t plain = 0, again = 0;
  REQUIRE(run(false, plain) == run(true, again));
  REQUIRE(again * 4 < plain);
  const Tensor leaf = Tensor::full({2}, 1).set_requires_grad();
  Tensor bad = recomputed({leaf}, [calls = std::make_shared<int>(0)](const std::vector<Tensor>& x) {
    ensure(++*calls < 2, "the second time");
    return x[0] * real{3};
  });
  REQUIRE_THROWS_WITH(backward(sum(bad)), Catch::Contains("the second time"));
  REQUIRE(grad_enabled());
}

TEST_CASE("two recomputed blocks that share an encoder give the bits and gradients of plain ones") {
  const auto run = [](bool again) {
    const auto parameter = [](std::uint64_t seed) { return Tensor::normal({8, 8}, Rng(seed)).set_requires_grad(); };
    const std::vector<Tensor> w = {parameter(1), parameter(2), parameter(3), parameter(4)};
    Tensor x = Tensor::normal({16, 8}, Rng(5)).set_requires_grad(), source = Tensor::normal({16, 8}, Rng(6));
    const auto block = [](const Tensor& weight) {
      return [weight](const std::vector<Tensor>& in) { return tanh(linear(in[0], weight) * in[1]); };
    };
    const Tensor encoded = tanh(linear(source, w[0]));
    Tensor y = linear(x, w[1]);
    for (const Tensor& weight : {w[2], w[3]})
      y = again ? recomputed({y, encoded}, block(weight)) : block(weight)({y, encoded});
    backward(sum(y * y));
    std::vector<real> all(y.span().begin(), y.span().end());
    for (const Tensor& t : {x, w[0], w[1], w[2], w[3]})
      all.insert(all.end(), t.grad().span().begin(), t.grad().span().end());
    return all;
  };
  REQUIRE(run(false) == run(true));
}

TEST_CASE("what is recomputed keeps nothing, and its parameters learn, where no input needs a gradient") {
  const Tensor frozen = Tensor::normal({64, 8}, Rng(1)), aside = Tensor::normal({64, 8}, Rng(2));
  const auto run = [&](bool again, std::size_t& held) {
    Tensor w = Tensor::normal({8, 8}, Rng(3)).set_requires_grad();
    const auto f = [&](const std::vector<Tensor>& in) {
      Tensor y = in[0] * in[1];
      for (int i = 0; i < 10; ++i) y = tanh(linear(y, w));
      return y;
    };
    const std::size_t before = pool_stats().bytes_in_use;
    const Tensor y = again ? recomputed({frozen, aside}, f) : f({frozen, aside});
    held = pool_stats().bytes_in_use - before;
    backward(sum(y));
    return std::vector<real>(w.grad().span().begin(), w.grad().span().end());
  };
  std::size_t plain = 0, again = 0;
  REQUIRE(run(false, plain) == run(true, again));
  REQUIRE(again * 4 < plain);
  const Tensor y = recomputed({frozen}, [](const std::vector<Tensor>& x) { return x[0] * real{3}; });
  REQUIRE(y.data()[1] == frozen.data()[1] * 3);
  REQUIRE_FALSE(y.requires_grad());
}

TEST_CASE("what is recomputed reads no result of an op but its inputs") {
  Tensor x = leaf({1, 2}), w = leaf({3, 4});
  const Tensor outside = w * w;
  const auto f = [&](const std::vector<Tensor>& in) { return in[0] * outside; };
  REQUIRE_THROWS_WITH(recomputed({x}, f), Catch::Contains("multiply reads the result of multiply [2]") &&
                                              Catch::Contains("give it to recomputed as an input"));
  REQUIRE(grad_enabled());
  backward(sum(outside));  // its graph is whole
  REQUIRE_THROWS_WITH(recomputed({x}, f), Catch::Contains("reads the result of multiply"));
  REQUIRE(w.grad().data()[1] == 8);
  // detached, or where no gradient is wanted, it may be read
  const auto g = [&](const std::vector<Tensor>& in) { return in[0] * outside.detach(); };
  backward(sum(recomputed({x}, g)));
  REQUIRE(x.grad().data()[1] == 16);
  const NoGradGuard no_grad;
  REQUIRE(recomputed({x}, f).data()[0] == 9);
}

namespace {

/// In which order leaves were told complete, and the gradients that they had then.
struct Told {
  std::vector<const Node*> order;
  std::map<const Node*, std::vector<real>> gradients;
  OnLeaf listener() {
    return [this](const Node& leaf) {
      order.push_back(&leaf);
      const Tensor& grad = leaf.grad;
      gradients[&leaf] =
          grad.defined() ? std::vector<real>(grad.span().begin(), grad.span().end()) : std::vector<real>();
    };
  }
};

}  // namespace

TEST_CASE("each leaf is told of once, when its gradient is complete, the last used first") {
  const bool again = GENERATE(false, true);  // as a part that is computed again in backward
  std::vector<Tensor> leaves, others;        // the same, to be differentiated without a listener
  for (std::uint64_t i = 0; i < 4; ++i) {
    leaves.push_back(Tensor::normal({3, 3}, Rng(i)).set_requires_grad());
    others.push_back(leaves.back().clone().set_requires_grad());
  }
  const Tensor x = Tensor::normal({2, 3}, Rng(9));
  // the first leaf is used at both ends, the last by what no gradient comes to
  const auto loss_of = [&](const std::vector<Tensor>& w) {
    const Recomputable middle = [&](const std::vector<Tensor>& in) { return gelu(linear(linear(in[0], w[1]), w[2])); };
    const Tensor h = linear(x, w[0]);
    const Tensor y = again ? recomputed({h}, middle) : middle({h});
    const Tensor unused = make_result("unused", y.clone(), {linear(y, w[3])}, [](const Tensor&) { return Grads(1); });
    return sum(add(linear(y, w[0]), unused));
  };
  Told told;
  for (int times = 1; times <= 2; ++times) {  // gradients add up
    told = Told();
    backward(loss_of(leaves), {}, false, told.listener());
    backward(loss_of(others));
    REQUIRE(told.order.size() == leaves.size());
    for (std::size_t i = 0; i < leaves.size(); ++i) {
      const Tensor &grad = leaves[i].grad(), &plain = others[i].grad();
      REQUIRE(grad.defined() == plain.defined());
      CHECK(grad.defined() == (i < 3));
      if (grad.defined()) CHECK(std::equal(grad.span().begin(), grad.span().end(), plain.span().begin()));
      CHECK(told.gradients[leaves[i].node().get()] ==
            (grad.defined() ? std::vector<real>(grad.span().begin(), grad.span().end()) : std::vector<real>()));
      if (grad.defined()) CHECK(grad.use_count() == 1);
    }
    const auto turn = [&](std::size_t i) {
      return std::find(told.order.begin(), told.order.end(), leaves[i].node().get()) - told.order.begin();
    };
    if (!again) CHECK(turn(2) < turn(1));
    CHECK(turn(1) < turn(0));
    CHECK(turn(0) < turn(3));
  }
}

TEST_CASE("an error in backward leaves nothing behind that the next one would add") {
  Tensor w = Tensor::full({1}, 2).set_requires_grad();
  const auto failing = [](const Tensor& x) {
    return make_result("failing", x.clone(), {x}, [](const Tensor&) -> Grads { throw Error("no gradient"); });
  };
  const OnLeaf listener = [](const Node&) {};
  CHECK_THROWS_WITH(backward(sum(add(failing(multiply(w, w)), w)), {}, false, listener),
                    Catch::Contains("no gradient"));
  w.zero_grad();
  backward(sum(w), {}, false, listener);
  CHECK(w.grad().item() == 1);
}

}  // namespace heddle
