#include "framework/nn/recurrent.h"

#include <catch2/catch.hpp>
#include <set>

#include "framework/nn/decode_state.h"
#include "tests/golden/golden.h"

namespace heddle {
namespace {

constexpr double kTolerance = sizeof(real) == sizeof(double) ? 1e-11 : 1e-5;

std::vector<real> values(const Tensor& t) { return {t.span().begin(), t.span().end()}; }

RecurrentStack small_stack(Cell cell, double dropout = 0) {
  Initializer init{Rng(3)};
  return {{cell, 3, 5, 6, dropout}, init};
}

Cell any_cell() { return GENERATE(Cell::rnn, Cell::lstm, Cell::gru); }

}  // namespace

TEST_CASE("recurrent layers compute torch.nn's hidden states, last states and gradients") {
  const Golden golden("recurrent.txt");
  const Cell cell = any_cell();
  const std::string name = std::string(name_of(cell)) + '/';
  INFO(name);
  Initializer init{Rng(1)};
  RecurrentLayer layer(cell, 4, 6, init);
  auto parameters = named_parameters(layer);
  REQUIRE(parameters.size() == (cell == Cell::gru ? 4 : 3));
  for (NamedParameter& p : parameters) {
    const Tensor value = golden.tensor(name + p.name);
    REQUIRE(value.shape() == p.tensor.shape());
    std::copy_n(value.data(), value.numel(), p.tensor.mutable_data());
  }
  const Tensor x = golden.tensor(name + "x").set_requires_grad();
  RecurrentState first{golden.tensor(name + "hidden").set_requires_grad(), {}};
  if (cell == Cell::lstm) first.cell = golden.tensor(name + "cell").set_requires_grad();
  const auto [y, last_cell] = layer.forward(x, first, Context());
  const Tensor last = reshape(slice(y, 1, 4, 5), Shape{3, 6});
  CHECK(golden_error(y, golden.values(name + "y")) < kTolerance);
  CHECK(golden_error(last, golden.values(name + "last_hidden")) < kTolerance);
  Tensor loss = sum(y * golden.tensor(name + "dy")) + sum(last * golden.tensor(name + "dlast_hidden"));
  REQUIRE(last_cell.defined() == (cell == Cell::lstm));
  if (cell == Cell::lstm) {
    CHECK(golden_error(last_cell, golden.values(name + "last_cell")) < kTolerance);
    loss = loss + sum(last_cell * golden.tensor(name + "dlast_cell"));
  }
  backward(loss);
  std::vector<std::pair<std::string, Tensor>> gradients = {{"x", x.grad()}, {"hidden", first.hidden.grad()}};
  if (cell == Cell::lstm) gradients.emplace_back("cell", first.cell.grad());
  for (const NamedParameter& p : parameters) gradients.emplace_back(p.name, p.tensor.grad());
  for (const auto& [of, gradient] : gradients) {
    INFO("gradient of " << of);
    CHECK(golden_error(gradient, golden.values(name + "d/" + of)) < kTolerance);
  }
}

TEST_CASE("weights begin within 1 / sqrt(H), biases at 0, those of an LSTM's forget gate at 1") {
  const Cell cell = any_cell();
  Initializer init{Rng(1)};
  RecurrentLayer layer(cell, 30, 64, init);
  for (const Tensor& weight : {Tensor(layer.input.weight), Tensor(layer.hidden_weight)}) {
    const auto [least, most] = std::minmax_element(weight.span().begin(), weight.span().end());
    CHECK(*least == Approx(-0.125).margin(0.001));
    CHECK(*most == Approx(0.125).margin(0.001));
  }
  for (index_t i = 0; i < layer.input.bias.numel(); ++i)
    REQUIRE(layer.input.bias.data()[i] == (cell == Cell::lstm && i >= 64 && i < 128 ? 1 : 0));
  for (const NamedParameter& p : named_parameters(layer)) CHECK(p.multiplied == (p.role == Role::matrix));
}

TEST_CASE("layers that carry states read a sequence in parts as they read it whole, and keep states by their paths") {
  const Cell cell = any_cell();
  const RecurrentStack stack = small_stack(cell);
  const Tensor x = Tensor::normal({4, 6, 5}, Rng(2));
  Context plain;
  const Tensor whole = stack.forward(x, plain);
  RowStates carried;
  DecodeState held(4, kAnyLength);
  const bool writing = GENERATE(false, true);
  std::vector<Tensor> parts;
  for (const auto& [begin, end] : {std::pair<index_t, index_t>{0, 1}, {1, 4}, {4, 6}}) {
    Context context;
    context.state = writing ? &held : nullptr;
    context.carried = &carried;
    parts.push_back(stack.forward(slice(x, 1, begin, end), context));
  }
  const Tensor joined = concat(parts, 1);
  for (index_t i = 0; i < whole.numel(); ++i)
    REQUIRE(joined.data()[i] == Approx(whole.data()[i]).epsilon(1e-5).margin(1e-6));
  CHECK(carried.empty() == writing);  // what is written by goes before what is carried
  const auto kept = [&](const std::string& name) { return writing ? held.at(name) : carried.at(name); };
  CHECK(values(kept("layers/2/hidden")) == values(reshape(slice(joined, 1, 5, 6), Shape{4, 6})));
  CHECK(kept("layers/0/cell").defined() == (cell == Cell::lstm));
  CHECK_FALSE(kept("layers/1/hidden").requires_grad());
  CHECK_FALSE(kept("layers/1/cell").requires_grad());
}

TEST_CASE("rows of carried states follow when they are reordered, and states of other rows are refused") {
  const RecurrentStack stack = small_stack(any_cell());
  const Tensor x = Tensor::normal({3, 4, 5}, Rng(2));
  const auto two = [&](const Tensor& t) { return concat({slice(t, 0, 2, 3), slice(t, 0, 0, 1)}, 0); };
  RowStates carried;
  Context context;
  context.carried = &carried;
  stack.forward(slice(x, 1, 0, 2), context);
  const RowStates before = carried;
  carried.reorder({2, 0}, 3);
  Context again = context, plain;
  const Tensor y = stack.forward(two(slice(x, 1, 2, 4)), again), whole = stack.forward(two(x), plain);
  for (index_t i = 0; i < y.numel(); ++i) {
    const index_t row = i / 12, rest = i % 12;
    REQUIRE(y.data()[i] == Approx(whole.data()[row * 24 + 12 + rest]).epsilon(1e-5).margin(1e-6));
  }
  CHECK_THROWS_WITH(stack.forward(x, again), Catch::Contains("the first hidden state [2, 6] must be [3, 6]"));
  CHECK_THROWS_WITH(carried.reorder({2}, 2), Catch::Contains("no row 2 of 2"));
  CHECK_THROWS_WITH(carried.reorder({0}, 3), Catch::Contains("has no first axis of 3 rows"));
  RowStates untouched = before;  // the copy keeps the states that were put there
  CHECK(untouched.at("layers/0/hidden").size(0) == 3);
}

TEST_CASE("layers that are computed again in backward give the same bits, and leave and take states once") {
  const Cell cell = any_cell();
  const RecurrentStack stack = small_stack(cell, 0.3);
  const auto parameters = named_parameters(const_cast<RecurrentStack&>(stack));
  const auto run = [&](bool recompute) {
    RowStates carried;
    std::vector<std::vector<real>> all;
    for (const std::uint64_t step : {1, 2}) {
      Context context;
      context.training = true;
      context.rng = Rng(step);
      context.recompute = recompute;
      context.carried = &carried;
      const Tensor y = stack.forward(Tensor::normal({3, 4, 5}, Rng(20 + step)), context);
      backward(sum(y * y));
      all.push_back(values(y));
      for (const char* name : {"layers/0/hidden", "layers/1/hidden", "layers/2/hidden", "layers/1/cell"})
        all.push_back(values(carried.at(name)));
    }
    for (NamedParameter p : parameters) {
      all.push_back(values(p.tensor.grad()));
      p.tensor.zero_grad();
    }
    return all;
  };
  const auto plain = run(false);
  CHECK(plain == run(true));
  CHECK(plain[1] != plain[6]);  // states of two steps
}

TEST_CASE("what a layer gives to the next is dropped by rows, what goes from step to step is not") {
  Initializer init{Rng(3)};
  const RecurrentStack one({Cell::lstm, 1, 5, 6, 0.5}, init), two = small_stack(Cell::lstm, 0.5);
  const Tensor x = Tensor::normal({6, 4, 5}, Rng(2));
  const auto run = [&](const RecurrentStack& stack, bool training, index_t first, index_t rows) {
    Context context;
    context.training = training;
    context.rng = Rng(9);
    context.first_row = first;
    return values(stack.forward(slice(x, 0, first, first + rows), context));
  };
  CHECK(run(one, true, 0, 6) == run(one, false, 0, 6));
  CHECK(run(two, true, 0, 6) != run(two, false, 0, 6));
  const auto whole = run(two, true, 0, 6), end = run(two, true, 4, 2);
  for (std::size_t i = 0; i < end.size(); ++i)
    REQUIRE(whole[4 * 4 * 6 + i] == Approx(end[i]).epsilon(1e-5).margin(1e-6));
}

TEST_CASE("a stack offers what goes into its layers and what leaves them, and an edit changes what comes after") {
  const RecurrentStack stack = small_stack(Cell::gru);
  const Tensor x = Tensor::normal({2, 3, 5}, Rng(2));
  Capture capture;
  capture.want("hidden_states/*");
  Context context;
  context.capture = &capture;
  const Tensor y = stack.forward(x, context);
  CHECK(capture.offered() ==
        std::vector<std::string>{"hidden_states/0", "hidden_states/1", "hidden_states/2", "hidden_states/3"});
  CHECK(values(capture.at("hidden_states/0")) == values(x));
  CHECK(values(capture.at("hidden_states/3")) == values(y));
  Capture changing;
  changing.edit("hidden_states/1", [](const Tensor& h) { return h * real{0}; });
  Context other;
  other.capture = &changing;
  CHECK(values(stack.forward(x, other)) != values(y));
}

}  // namespace heddle
