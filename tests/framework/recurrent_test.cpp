// Recurrent ops equal the same written from single ops, step by step.

#include <catch2/catch.hpp>
#include <cmath>

#include "framework/gemm.h"
#include "framework/ops.h"

namespace heddle {
namespace {

using Inputs = std::vector<Tensor>;

/// A cell: how many gates it has, and its op and its steps, of {x, weight, states and a GRU's bias ...}. Both give the
/// hidden states, and behind them an LSTM's last cell state [B, T + 1, H].
struct CellCase {
  const char* name;
  index_t gates;
  std::vector<const char*> more;  ///< what comes after x and weight
  std::function<Tensor(const Inputs&, Precision)> op, steps;
};

Tensor with_last(const Tensor& all, const Tensor& last) {
  return concat({all, reshape(last, Shape{last.size(0), 1, last.size(1)})}, 1);
}

/// Runs f(sums of a step, product of a step, h) over the steps of x, h being the state before.
template <class F>
Tensor over_steps(const Tensor& x, const Tensor& weight, Tensor h, Precision precision, const F& f) {
  std::vector<Tensor> all;
  for (index_t t = 0; t < x.size(1); ++t) {
    const Tensor sums = reshape(slice(x, 1, t, t + 1), Shape{x.size(0), x.size(2)});
    h = f(sums, linear(h, weight, {}, Activation::none, precision), h);
    all.push_back(h);
  }
  return stack(all, 1);
}

/// Columns of gate number `gate`.
Tensor part(const Tensor& sums, index_t gate, index_t width) {
  return slice(sums, 1, gate * width, (gate + 1) * width);
}

const std::vector<CellCase>& cells() {
  static const std::vector<CellCase> all = {
      {"rnn",
       1,
       {"hidden"},
       [](const Inputs& x, Precision p) { return rnn(x[0], x[1], x[2], p); },
       [](const Inputs& x, Precision p) {
         return over_steps(x[0], x[1], x[2], p, [](const Tensor& sums, const Tensor& product, const Tensor&) {
           return tanh(sums + product);
         });
       }},
      {"lstm",
       4,
       {"hidden", "cell"},
       [](const Inputs& x, Precision p) {
         const auto [hidden, last] = lstm(x[0], x[1], x[2], x[3], p);
         return with_last(hidden, last);
       },
       [](const Inputs& x, Precision p) {
         Tensor c = x[3];
         const index_t width = c.size(1);
         const Tensor hidden =
             over_steps(x[0], x[1], x[2], p, [&](const Tensor& sums, const Tensor& product, const Tensor&) {
               const Tensor z = sums + product;
               c = sigmoid(part(z, 1, width)) * c + sigmoid(part(z, 0, width)) * tanh(part(z, 2, width));
               return sigmoid(part(z, 3, width)) * tanh(c);
             });
         return with_last(hidden, c);
       }},
      {"gru",
       3,
       {"hidden", "bias"},
       [](const Inputs& x, Precision p) { return gru(x[0], x[1], x[3], x[2], p); },
       [](const Inputs& x, Precision p) {
         const index_t width = x[3].size(0);
         return over_steps(x[0], x[1], x[2], p, [&](const Tensor& sums, const Tensor& product, const Tensor& h) {
           const Tensor r = sigmoid(part(sums, 0, width) + part(product, 0, width)),
                        z = sigmoid(part(sums, 1, width) + part(product, 1, width)),
                        n = tanh(part(sums, 2, width) + r * (part(product, 2, width) + x[3]));
           return (Tensor::full(z.shape(), 1) - z) * n + z * h;
         });
       }},
  };
  return all;
}

Inputs inputs_of(const CellCase& cell, index_t rows, index_t time, index_t width, std::uint64_t seed = 3) {
  const double bound = 1 / std::sqrt(static_cast<double>(width));
  Inputs inputs = {Tensor::normal({rows, time, cell.gates * width}, Rng(seed)),
                   Tensor::uniform({cell.gates * width, width}, Rng(seed + 1), -2 * bound, 2 * bound)};
  for (const std::string more : cell.more) {
    const Shape shape = more == "bias" ? Shape{width} : Shape{rows, width};
    inputs.push_back(Tensor::normal(shape, Rng(seed).fork(inputs.size())));
  }
  for (Tensor& x : inputs) x.set_requires_grad();
  return inputs;
}

/// The result, and the gradients of the inputs.
std::vector<Tensor> run(const std::function<Tensor(const Inputs&, Precision)>& f, const Inputs& given,
                        Precision precision = Precision::f32) {
  Inputs inputs;
  for (const Tensor& x : given) inputs.push_back(x.detach().set_requires_grad());
  std::vector<Tensor> results = {f(inputs, precision)};
  backward(results[0], Tensor::normal(results[0].shape(), Rng(8)));
  for (const Tensor& x : inputs) results.push_back(x.grad());
  return results;
}

/// Largest difference of two tensors, relative to the larger ones of the first.
double difference(const Tensor& a, const Tensor& b) {
  REQUIRE(a.shape() == b.shape());
  double worst = 0, size = 1e-3;
  for (index_t i = 0; i < a.numel(); ++i) {
    const auto x = static_cast<double>(a.data()[i]), y = static_cast<double>(b.data()[i]);
    worst = std::max(worst, std::isnan(x - y) ? 1e300 : std::abs(x - y));
    size = std::max(size, std::abs(x));
  }
  return worst / size;
}

constexpr bool kDouble = sizeof(real) == sizeof(double);

std::vector<real> values(const Tensor& t) { return {t.span().begin(), t.span().end()}; }

}  // namespace

TEST_CASE("a recurrent op gives what its steps give from single ops, gradients and the last cell state included") {
  const auto [rows, time, width] = GENERATE(std::array<index_t, 3>{3, 7, 5}, std::array<index_t, 3>{9, 2, 65},
                                            std::array<index_t, 3>{37, 5, 33}, std::array<index_t, 3>{2, 1, 64});
  for (const CellCase& cell : cells()) {
    const Inputs inputs = inputs_of(cell, rows, time, width);
    const auto fused = run(cell.op, inputs), single = run(cell.steps, inputs);
    for (std::size_t i = 0; i < fused.size(); ++i) {
      INFO(cell.name << ' ' << rows << " x " << time << " x " << width << ", result or gradient " << i);
      CHECK(difference(single[i], fused[i]) < (kDouble ? 1e-12 : 2e-5));
    }
  }
}

TEST_CASE("products of bf16 operands give what the steps give with such products, and not what f32 gives") {
  for (const CellCase& cell : cells()) {
    const Inputs inputs = inputs_of(cell, 10, 6, 40);
    const auto fused = run(cell.op, inputs, Precision::bf16), single = run(cell.steps, inputs, Precision::bf16),
               plain = run(cell.op, inputs);
    for (std::size_t i = 0; i < fused.size(); ++i) {
      INFO(cell.name << ", result or gradient " << i);
      CHECK(difference(single[i], fused[i]) < 1e-2);  // a sum that rounds otherwise rounds a state otherwise
      CHECK(difference(plain[i], fused[i]) > 1e-5);
      CHECK(difference(plain[i], fused[i]) < 0.05);
    }
  }
}

TEST_CASE("undefined first states are zeros") {
  for (const CellCase& cell : cells()) {
    INFO(cell.name);
    Inputs inputs = inputs_of(cell, 3, 4, 5), without = inputs;
    for (std::size_t i = 2; i < inputs.size(); ++i) {
      if (std::string(cell.more[i - 2]) == "bias") continue;
      inputs[i] = Tensor::zeros(inputs[i].shape()).set_requires_grad();
      without[i] = Tensor();
    }
    const Tensor zeros = cell.op(inputs, Precision::f32), none = cell.op(without, Precision::f32);
    CHECK(values(zeros) == values(none));
    backward(zeros, Tensor::full(zeros.shape(), 1));
    const auto of_weight = values(inputs[1].grad());
    inputs[1].zero_grad();
    backward(none, Tensor::full(none.shape(), 1));
    CHECK(values(inputs[1].grad()) == of_weight);
  }
}

TEST_CASE("a sequence in two parts, the second from where the first ended, is the whole one, gradients included") {
  const auto whole_and_parts = [](const CellCase& cell, const Inputs& inputs) {
    const auto parts = [&](const Inputs& x, Precision p) {
      const index_t rows = x[0].size(0), time = x[0].size(1), width = x[1].size(1);
      Inputs first = x, second = x;
      first[0] = slice(x[0], 1, 0, 2);
      second[0] = slice(x[0], 1, 2, time);
      const Tensor y = cell.op(first, p), hidden = slice(y, 1, 0, 2);
      second[2] = reshape(slice(y, 1, 1, 2), Shape{rows, width});
      if (std::string(cell.name) == "lstm") second[3] = reshape(slice(y, 1, 2, 3), Shape{rows, width});
      return concat({hidden, cell.op(second, p)}, 1);
    };
    return std::pair(run(cell.op, inputs), run(parts, inputs));
  };
  for (const CellCase& cell : cells()) {
    const auto [whole, parts] = whole_and_parts(cell, inputs_of(cell, 3, 5, 6));
    for (std::size_t i = 0; i < whole.size(); ++i) {
      INFO(cell.name << ", result or gradient " << i);
      CHECK(difference(whole[i], parts[i]) < (kDouble ? 1e-12 : 1e-5));
    }
  }
}

TEST_CASE("an LSTM's last cell state has gradients of its own, also after those of the hidden states in a kept graph") {
  const Inputs inputs = inputs_of(cells()[1], 3, 4, 5);
  const auto gradients = [&](const Tensor& of) {
    std::vector<std::vector<real>> all;
    for (Tensor x : inputs) x.zero_grad();
    backward(sum(of), {}, true);
    for (const Tensor& x : inputs) all.push_back(values(x.grad()));
    return all;
  };
  const auto pass = [&] { return lstm(inputs[0], inputs[1], inputs[2], inputs[3]); };
  const auto [hidden, last] = pass();
  const auto first = gradients(hidden);
  const auto of_last = gradients(last);
  CHECK(of_last == gradients(pass().second));
  CHECK(of_last != first);
  CHECK(gradients(hidden) == first);
}

TEST_CASE("an LSTM's first states have the same gradients whether or not the other wants one") {
  const Inputs inputs = inputs_of(cells()[1], 3, 4, 5);
  const auto gradient = [&](std::size_t of, bool alone) {
    Inputs given = inputs;
    if (alone) given[5 - of] = given[5 - of].detach();
    given[of] = given[of].detach().set_requires_grad();
    backward(sum(cells()[1].op(given, Precision::f32)));
    return values(given[of].grad());
  };
  for (const std::size_t of : {2U, 3U}) CHECK(gradient(of, true) == gradient(of, false));
}

TEST_CASE("a state depends on the steps before it and on its own, and on its own row alone") {
  for (const CellCase& cell : cells()) {
    INFO(cell.name);
    Inputs inputs = inputs_of(cell, 20, 4, 5);
    const NoGradGuard no_grad;
    const auto before = values(slice(cell.op(inputs, Precision::f32), 1, 0, 4));
    const index_t columns = inputs[0].size(2);
    Tensor changed = inputs[0].clone();
    changed.mutable_data()[(17 * 4 + 2) * columns] += 1;  // row 17, step 2
    inputs[0] = changed;
    const auto after = values(slice(cell.op(inputs, Precision::f32), 1, 0, 4));
    for (std::size_t state = 0; state < 20 * 4; ++state) {
      const bool same = std::equal(&before[state * 5], &before[state * 5] + 5, &after[state * 5]);
      REQUIRE(same == (state / 4 != 17 || state % 4 < 2));
    }
  }
}

TEST_CASE("sums that are handed over are written over, with the same results, and others are left as they were") {
  for (const CellCase& cell : cells()) {
    if (cell.gates == 1) continue;
    INFO(cell.name);
    const Inputs inputs = inputs_of(cell, 4, 30, 64);
    const auto sums = values(inputs[0]);
    const auto left = run(cell.op, inputs);
    CHECK(values(inputs[0]) == sums);
    std::size_t taken = 0;
    const auto handed_over = run(
        [&](const Inputs& x, Precision p) {
          Tensor own = x[0] * real{1};
          const std::size_t before = pool_stats().bytes_in_use;
          if (cell.gates == 3) {
            Tensor y = gru(std::move(own), x[1], x[3], x[2], p);
            taken = pool_stats().bytes_in_use - before;
            return y;
          }
          const auto [y, last] = lstm(std::move(own), x[1], x[2], x[3], p);
          taken = pool_stats().bytes_in_use - before;
          return with_last(y, last);
        },
        inputs);
    CHECK(taken < values(inputs[0]).size() * sizeof(real));
    for (std::size_t i = 0; i < left.size(); ++i) CHECK(values(left[i]) == values(handed_over[i]));
  }
}

TEST_CASE("recurrent ops of many rows give the same bits on one, two and three threads, in each precision") {
  const int before = threads();
  for (const CellCase& cell : cells()) {
    for (const Precision precision : {Precision::f32, Precision::bf16}) {
      std::vector<std::vector<real>> first;
      for (const int count : {1, 2, 3}) {
        set_threads(count);
        std::vector<std::vector<real>> all;
        for (const Tensor& t : run(cell.op, inputs_of(cell, 75, 3, 65), precision)) all.push_back(values(t));
        if (count == 1) first = all;
        INFO(cell.name << " on " << count << " threads");
        CHECK(first == all);
      }
    }
  }
  set_threads(before);
}

TEST_CASE("recurrent ops refuse shapes that do not fit, by their names") {
  const auto t = [](std::initializer_list<index_t> sizes) { return Tensor::zeros(Shape(sizes)); };
  CHECK_THROWS_WITH(rnn(t({2, 3, 4}), t({4, 5})), Catch::Contains("rnn: weight [4, 5] must be [1 H, H]"));
  CHECK_THROWS_WITH(rnn(t({2, 3, 4}), t({5, 5})), Catch::Contains("rnn: x [2, 3, 4] must be [rows, steps, 5]"));
  CHECK_THROWS_WITH(rnn(t({2, 4}), t({4, 4})), Catch::Contains("rnn: x [2, 4] must be"));
  CHECK_THROWS_WITH(rnn(t({2, 0, 4}), t({4, 4})), Catch::Contains("of at least one step"));
  CHECK_THROWS_WITH(rnn(t({2, 3, 4}), t({4, 4}), t({3, 4})),
                    Catch::Contains("the first hidden state [3, 4] must be [2, 4]"));
  CHECK_THROWS_WITH(lstm(t({2, 3, 8}), t({6, 2})), Catch::Contains("lstm: weight [6, 2] must be [4 H, H]"));
  CHECK_THROWS_WITH(lstm(t({2, 3, 8}), t({8, 2}), {}, t({2, 3})),
                    Catch::Contains("the first cell state [2, 3] must be [2, 2]"));
  CHECK_THROWS_WITH(gru(t({2, 3, 8}), t({8, 2}), t({2})), Catch::Contains("gru: weight [8, 2] must be [3 H, H]"));
  CHECK_THROWS_WITH(gru(t({2, 3, 6}), t({6, 2}), t({3})), Catch::Contains("gru: bias [3] must be [2]"));
  CHECK_THROWS_WITH(gru(t({2, 3, 6}), t({6, 2}), {}), Catch::Contains("gru: bias"));
}

}  // namespace heddle
