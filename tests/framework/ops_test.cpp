// The table of ops. Each row gives gradients to check against differences, and results to compare on one thread and
// two; an op that the sources make and the table lacks fails the last test, and so does a row that makes another op.

#include "framework/ops.h"

#include <array>
#include <catch2/catch.hpp>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>

#include "framework/profile.h"
#include "framework/testing/gradient_check.h"

namespace heddle {
namespace {

using Inputs = std::vector<Tensor>;

struct Input {
  Shape shape;
  double low = -1, high = 1;
};

struct Row {
  std::string op;  ///< as make_result names it
  std::vector<Input> inputs;
  std::function<Tensor(const Inputs&)> f;
};

IdTensor ids_of(std::vector<std::int32_t> values, const Shape& shape) { return {std::move(values), shape}; }

AttentionOptions attention_options(bool causal) {
  AttentionOptions options;
  options.causal = causal;
  return options;
}

const std::vector<Row>& table() {
  static const std::vector<Row> rows = [] {
    std::vector<Row> r;
    const auto binary = [&](const char* op, Tensor (*f)(const Tensor&, const Tensor&), double low) {
      const std::vector<std::pair<Shape, Shape>> shapes = {{{3, 5}, {3, 5}}, {{7}, {7}},       {{2, 3, 5}, {5}},
                                                           {{5}, {2, 3, 5}}, {{3, 1}, {1, 4}}, {{2, 1, 3}, {4, 1}},
                                                           {{}, {3, 3}},     {{17}, {1}}};
      for (const auto& [a, b] : shapes)
        r.push_back({op, {{a, low, 2}, {b, low, 2}}, [f](const Inputs& x) { return f(x[0], x[1]); }});
    };
    binary("add", add, -1);
    binary("subtract", subtract, -1);
    binary("multiply", multiply, -1);
    binary("divide", divide, 0.5);
    const auto unary = [&](const char* op, Tensor (*f)(const Tensor&), double low, double high) {
      for (const Shape& shape : {Shape{33}, Shape{3, 1, 7}})
        r.push_back({op, {{shape, low, high}}, [f](const Inputs& x) { return f(x[0]); }});
    };
    unary("negate", negate, -1, 1);
    unary("exp", exp, -2, 2);
    unary("log", log, 0.3, 3);
    unary("sqrt", sqrt, 0.3, 3);
    unary("tanh", tanh, -3, 3);
    unary("sigmoid", sigmoid, -4, 4);
    unary("relu", relu, 0.05, 2);
    unary("relu", relu, -2, -0.05);
    unary("relu_squared", relu_squared, 0.01, 2);
    unary("relu_squared", relu_squared, -2, -0.01);
    unary("gelu", gelu, -3, 3);
    unary("gelu_tanh", gelu_tanh, -3, 3);
    unary("silu", silu, -4, 4);
    unary("softmax", softmax, -2, 2);
    unary("log_softmax", log_softmax, -2, 2);
    r.push_back({"add_constant", {{{5}}}, [](const Inputs& x) { return x[0] + real{2}; }});
    r.push_back({"multiply_constant", {{{5}}}, [](const Inputs& x) { return x[0] * real{-3}; }});
    for (const real e : {real{2}, real{0.5}, real{-1.5}, real{0}}) {
      r.push_back({"pow", {{{9}, 0.5, 2}}, [e](const Inputs& x) { return pow(x[0], e); }});
    }
    r.push_back({"pow", {{{9}, -2, -0.5}}, [](const Inputs& x) { return pow(x[0], 3); }});
    r.push_back({"where", {{{3, 4}}, {{4}}}, [](const Inputs& x) {
                   return where(Tensor::from({1, 0, 1}, {3, 1}), x[0], x[1]);
                 }});
    for (const double p : {0.3, 0.9}) {
      r.push_back({"dropout", {{{5, 7}}}, [p](const Inputs& x) { return dropout(x[0], p, Rng(5)); }});
    }
    // reductions: all axes, first, middle, last, several, kept, counted from the end
    for (const Axes& axes : {Axes{}, Axes{0}, Axes{1}, Axes{-1}, Axes{0, 2}, Axes{1, 2}, Axes{0, 1}}) {
      for (const bool keep : {false, true}) {
        const Input x{{3, 5, 7}};
        r.push_back({"sum", {x}, [=](const Inputs& in) { return sum(in[0], axes, keep); }});
        r.push_back({"mean", {x}, [=](const Inputs& in) { return mean(in[0], axes, keep); }});
        r.push_back({"max", {{{3, 5, 7}, -50, 50}}, [=](const Inputs& in) { return max(in[0], axes, keep); }});
        r.push_back({"variance", {x}, [=](const Inputs& in) { return variance(in[0], axes, keep, keep ? 1 : 0); }});
      }
    }
    r.push_back({"sum", {{{1, 17, 1, 3}}}, [](const Inputs& x) { return sum(x[0], {1}); }});
    r.push_back({"layer_norm", {{{3, 7}}, {{7}}, {{7}}}, [](const Inputs& x) { return layer_norm(x[0], x[1], x[2]); }});
    r.push_back(
        {"layer_norm", {{{2, 3, 17}}, {{17}}}, [](const Inputs& x) { return layer_norm(x[0], x[1], {}, 0.1); }});
    const std::vector<Input> summands = {{{3, 7}}, {{3, 7}}, {{7}}, {{7}}};
    for (const bool of_norm : {false, true}) {  // from each of its results, and from both together
      r.push_back({"add_layer_norm", summands, [of_norm](const Inputs& x) {
                     const auto [h, y] = add_layer_norm(x[0], x[1], x[2], x[3], 0.1);
                     return of_norm ? y : h;
                   }});
    }
    r.push_back({"add_layer_norm", {{{70, 3}}, {{70, 3}}, {{3}}, {{3}}}, [](const Inputs& x) {
                   const auto [h, y] = add_layer_norm(x[0], x[1], x[2], x[3]);
                   return h * y;
                 }});
    r.push_back({"recomputed", {{{3, 5}}, {{4, 5}}}, [](const Inputs& x) {
                   return recomputed({x[0]}, [w = x[1]](const Inputs& in) { return tanh(linear(in[0] * in[0], w)); });
                 }});
    r.push_back({"rms_norm", {{{3, 17}}, {{17}}}, [](const Inputs& x) { return rms_norm(x[0], x[1]); }});
    // movement
    r.push_back({"reshape", {{{3, 4}}}, [](const Inputs& x) { return reshape(x[0], std::vector<index_t>{2, -1}); }});
    r.push_back({"permute", {{{2, 3, 5, 2}}}, [](const Inputs& x) { return permute(x[0], {2, 0, 3, 1}); }});
    r.push_back({"permute", {{{3, 7}}}, [](const Inputs& x) { return transpose(x[0], 0, -1); }});
    r.push_back({"slice", {{{3, 7, 2}}}, [](const Inputs& x) { return slice(x[0], 1, 2, 5); }});
    r.push_back({"slice", {{{7}}}, [](const Inputs& x) { return slice(x[0], -1, 0, 7); }});
    r.push_back({"concat", {{{2, 3}}, {{2, 1}}, {{2, 4}}}, [](const Inputs& x) {
                   return concat({x[0], x[1], x[2]}, 1);
                 }});
    r.push_back({"concat", {{{2, 3}}, {{1, 3}}}, [](const Inputs& x) { return concat({x[0], x[1], x[0]}, 0); }});
    r.push_back({"concat", {{{2, 3}}, {{2, 3}}}, [](const Inputs& x) { return stack({x[0], x[1]}, 1); }});
    r.push_back({"expand", {{{3, 1, 2}}}, [](const Inputs& x) { return expand(x[0], {4, 3, 5, 2}); }});
    r.push_back({"gather", {{{3, 5}}}, [](const Inputs& x) {
                   return gather(x[0], 1, ids_of({0, 4, 4, 2, 1, 1}, {3, 2}));
                 }});
    r.push_back({"gather", {{{3, 2, 2}}}, [](const Inputs& x) {
                   return gather(x[0], 0, ids_of({0, 2, 2, 1, 1, 0, 0, 0}, {2, 2, 2}));
                 }});
    r.push_back({"embedding", {{{5, 33}}}, [](const Inputs& x) {
                   return embedding(ids_of({1, 4, 1, 1, 0, 2}, {2, 3}), x[0]);
                 }});
    // products
    for (const bool ta : {false, true}) {
      for (const bool tb : {false, true}) {
        const auto shape = [](index_t batch, index_t m, index_t n, bool t) {
          return batch == 0 ? (t ? Shape{n, m} : Shape{m, n}) : (t ? Shape{batch, n, m} : Shape{batch, m, n});
        };
        const auto f = [=](const Inputs& x) { return matmul(x[0], x[1], ta, tb); };
        r.push_back({"matmul", {{shape(0, 3, 5, ta)}, {shape(0, 5, 7, tb)}}, f});
        r.push_back({"matmul", {{shape(3, 2, 5, ta)}, {shape(0, 5, 3, tb)}}, f});
        r.push_back({"matmul", {{shape(0, 2, 5, ta)}, {shape(3, 5, 1, tb)}}, f});
      }
    }
    r.push_back({"matmul", {{{2, 1, 3, 2}}, {{3, 2, 4}}}, [](const Inputs& x) { return matmul(x[0], x[1]); }});
    r.push_back({"linear", {{{2, 3, 5}}, {{7, 5}}, {{7}}}, [](const Inputs& x) { return linear(x[0], x[1], x[2]); }});
    r.push_back({"linear", {{{5}}, {{3, 5}}}, [](const Inputs& x) { return linear(x[0], x[1]); }});
    for (const Activation f :
         {Activation::relu_squared, Activation::gelu, Activation::gelu_tanh, Activation::silu, Activation::swiglu}) {
      r.push_back(
          {"linear", {{{2, 3, 5}}, {{8, 5}}, {{8}}}, [f](const Inputs& x) { return linear(x[0], x[1], x[2], f); }});
    }
    // images: kernels, strides and paddings, columns that a window never reaches, more images than pieces
    const auto convolution = [&](const Shape& x, const Shape& w, index_t stride, index_t padding, Activation f) {
      r.push_back({"conv2d", {{x}, {w}, {{w[0]}}}, [=](const Inputs& in) {
                     return conv2d(in[0], in[1], in[2], stride, padding, f);
                   }});
    };
    for (const Activation f : {Activation::none, Activation::relu}) {
      if (f == Activation::relu && sizeof(real) == sizeof(float)) continue;  // its long steps cross relu's kink
      convolution({2, 2, 5, 4}, {3, 2, 3, 3}, 1, 1, f);
      convolution({1, 3, 5, 7}, {2, 3, 2, 3}, 1, 0, f);
      convolution({2, 1, 6, 8}, {2, 1, 3, 2}, 2, 1, f);
      convolution({1, 2, 4, 3}, {1, 2, 5, 1}, 3, 2, f);
    }
    convolution({19, 1, 3, 3}, {2, 1, 3, 3}, 1, 1, Activation::none);
    r.push_back({"conv2d", {{{1, 2, 3, 3}}, {{3, 2, 1, 1}}}, [](const Inputs& x) { return conv2d(x[0], x[1]); }});
    for (const auto& [window, stride, padding] :
         {std::array<index_t, 3>{2, 2, 0}, {3, 2, 1}, {3, 1, 1}, {2, 3, 1}, {1, 2, 0}}) {
      const auto pooling = [&, w = window, s = stride, p = padding](const char* op, auto pool) {
        r.push_back({op, {{{2, 2, 5, 6}, -50, 50}}, [=](const Inputs& x) { return pool(x[0], w, s, p); }});
      };
      pooling("max_pool2d", max_pool2d);
      pooling("avg_pool2d", avg_pool2d);
    }
    // attention: b, t, heads, groups; every option
    const auto attention = [&](index_t tq, index_t tk, index_t groups, AttentionOptions options) {
      r.push_back({"scaled_dot_product_attention",
                   {{{2, tq, 4, 3}}, {{2, tk, groups, 3}}, {{2, tk, groups, 5}}},
                   [options](const Inputs& x) { return scaled_dot_product_attention(x[0], x[1], x[2], options); }});
    };
    for (const bool causal : {false, true}) {
      attention(5, 5, 4, attention_options(causal));
      attention(3, 7, 2, attention_options(causal));
      attention(1, 6, 1, attention_options(causal));
    }
    AttentionOptions options = attention_options(true);
    options.key_mask =
        Tensor::from({1, 1, 0, 1, 1, 0, 0, 0, 1, 1}, {2, 5});  // the second row's first queries see no key
    options.dropout = 0.4;
    options.rng = Rng(3);
    options.scale = 0.7;
    attention(5, 5, 2, options);
    for (const Shape& shape : {Shape{5, 6}, Shape{4, 5, 6}, Shape{2, 1, 5, 6}, Shape{2, 4, 5, 6}}) {
      AttentionOptions biased;
      biased.score_bias = Tensor::uniform(shape, Rng(8), -1, 1);
      biased.score_bias.mutable_data()[1] = -std::numeric_limits<real>::infinity();
      attention(5, 6, 4, biased);
    }
    // more queries than one block
    r.push_back(
        {"scaled_dot_product_attention", {{{1, 67, 1, 2}}, {{1, 67, 1, 2}}, {{1, 67, 1, 1}}}, [](const Inputs& x) {
           return scaled_dot_product_attention(x[0], x[1], x[2], attention_options(true));
         }});
    // queries, keys and values in one tensor, in several tiles
    AttentionOptions dropping = attention_options(true);
    dropping.dropout = 0.3;
    r.push_back({"self_attention", {{{2, 5, 8, 3}}}, [](const Inputs& x) { return self_attention(x[0], 4); }});
    r.push_back({"self_attention", {{{1, 67, 4, 2}}}, [dropping](const Inputs& x) {
                   return self_attention(x[0], 2, dropping);
                 }});
    r.push_back({"self_attention", {{{1, 260, 3, 1}}}, [](const Inputs& x) {
                   return self_attention(x[0], 1, attention_options(true));
                 }});
    r.push_back({"rotary", {{{2, 3, 2, 6}}}, [](const Inputs& x) { return rotary(x[0], 4, 100); }});
    r.push_back({"rotary", {{{2, 3, 3, 4}}}, [](const Inputs& x) { return rotary(x[0], 0, 10000, 2); }});
    r.push_back({"head_norm", {{{2, 3, 2, 5}}}, [](const Inputs& x) { return head_norm(x[0]); }});
    r.push_back({"head_norm", {{{2, 2, 5, 3}}}, [](const Inputs& x) { return head_norm(x[0], 3, 0.1); }});
    // recurrent layers: with and without first states, one step, rows for several tasks, units past one stretch
    for (const auto& [b, t, h] : {std::array<index_t, 3>{2, 4, 3}, {1, 1, 5}, {19, 3, 2}, {2, 2, 67}}) {
      const auto sums = [b = b, t = t, h = h](index_t gates) { return Input{{b, t, gates * h}}; };
      const auto weight = [h = h](index_t gates) { return Input{{gates * h, h}}; };
      const Input state{{b, h}}, bias{{h}};
      r.push_back({"rnn", {sums(1), weight(1)}, [](const Inputs& x) { return rnn(x[0], x[1]); }});
      r.push_back({"rnn", {sums(1), weight(1), state}, [](const Inputs& x) { return rnn(x[0], x[1], x[2]); }});
      r.push_back({"lstm", {sums(4), weight(4)}, [](const Inputs& x) { return lstm(x[0], x[1]).first; }});
      for (const int of : {0, 1, 2}) {  // of its results: the hidden states, the last cell state, both
        r.push_back({"lstm", {sums(4), weight(4), state, state}, [of, b = b, h = h](const Inputs& x) {
                       const auto [all, last] = lstm(x[0], x[1], x[2], x[3]);
                       return of == 0 ? all : of == 1 ? last : all * reshape(last, Shape{b, 1, h});
                     }});
      }
      r.push_back({"gru", {sums(3), weight(3), bias}, [](const Inputs& x) { return gru(x[0], x[1], x[2]); }});
      r.push_back(
          {"gru", {sums(3), weight(3), bias, state}, [](const Inputs& x) { return gru(x[0], x[1], x[2], x[3]); }});
    }
    // losses
    r.push_back({"cross_entropy", {{{5, 7}, -3, 3}}, [](const Inputs& x) {
                   return cross_entropy(x[0], ids_of({0, 6, -1, 3, 3}, {5}));
                 }});
    r.push_back({"cross_entropy", {{{2, 2, 3}, -3, 3}}, [](const Inputs& x) {
                   return cross_entropy(x[0], ids_of({0, 2, 9, 1}, {2, 2}), {9, 0.2, {}, Precision::f32, 1.5});
                 }});
    r.push_back({"cross_entropy", {{{2, 3}}}, [](const Inputs& x) {
                   return cross_entropy(x[0], ids_of({-1, -1}, {2}));
                 }});
    r.push_back({"linear_cross_entropy", {{{5, 3}}, {{7, 3}}}, [](const Inputs& x) {
                   return linear_cross_entropy(x[0], x[1], ids_of({0, 6, -1, 3, 3}, {5}));
                 }});
    r.push_back({"linear_cross_entropy", {{{2, 2, 3}}, {{4, 3}}}, [](const Inputs& x) {
                   const CrossEntropy capped{9, 0.2, {}, Precision::f32, 0.5};
                   return linear_cross_entropy(x[0], x[1], ids_of({0, 2, 9, 1}, {2, 2}), capped) * real{3};
                 }});
    r.push_back({"linear_cross_entropy", {{{5, 3}}, {{7, 3}}, {{7}}}, [](const Inputs& x) {
                   return linear_cross_entropy(x[0], x[1], ids_of({0, 6, -1, 3, 3}, {5}), {-1, 0.1}, x[2]);
                 }});
    r.push_back({"mse_loss", {{{3, 5}}, {{3, 5}}}, [](const Inputs& x) { return mse_loss(x[0], x[1]); }});
    r.push_back({"bce_with_logits", {{{3, 5}, -4, 4}}, [](const Inputs& x) {
                   return bce_with_logits(x[0], Tensor::uniform({3, 5}, Rng(4)));
                 }});
    // edges: nothing at all, a single element, more rows than one piece of a column sum holds
    r.push_back({"sum", {{{3, 0}}}, [](const Inputs& x) { return sum(x[0], {1}); }});
    r.push_back({"sum", {{{130, 3}}}, [](const Inputs& x) { return sum(x[0], {0}); }});
    r.push_back({"variance", {{{3, 2, 4}}}, [](const Inputs& x) { return variance(x[0], {-1, 0}, true, 1); }});
    r.push_back({"softmax", {{{3, 1}}}, [](const Inputs& x) { return softmax(x[0]); }});
    r.push_back(
        {"layer_norm", {{{70, 3}}, {{3}}, {{3}}}, [](const Inputs& x) { return layer_norm(x[0], x[1], x[2]); }});
    r.push_back({"rms_norm", {{{70, 2}}, {{2}}}, [](const Inputs& x) { return rms_norm(x[0], x[1], 0.1); }});
    r.push_back({"slice", {{{3, 2}}}, [](const Inputs& x) { return slice(x[0], 0, 1, 1); }});
    r.push_back({"concat", {{{2, 0}}, {{2, 3}}}, [](const Inputs& x) { return concat({x[0], x[1], x[0]}, -1); }});
    r.push_back({"concat", {{{}}, {{}}}, [](const Inputs& x) { return stack({x[0], x[1], x[0]}, -1); }});
    r.push_back({"embedding", {{{3, 70}}}, [](const Inputs& x) { return embedding(ids_of({2, 2}, {2}), x[0]); }});
    r.push_back({"matmul", {{{2, 3, 0}}, {{0, 4}}}, [](const Inputs& x) { return matmul(x[0], x[1]); }});
    r.push_back({"linear", {{{70, 2}}, {{3, 2}}, {{3}}}, [](const Inputs& x) { return linear(x[0], x[1], x[2]); }});
    r.push_back({"where", {{{3}}, {{1}}}, [](const Inputs& x) {
                   return where(Tensor::from({0, 1, 1, 0}, {2, 2, 1}), x[0], x[1]);
                 }});
    r.push_back({"multiply", {{{7}}}, [](const Inputs& x) { return x[0] * x[0]; }});
    r.push_back({"mse_loss", {{{7}}}, [](const Inputs& x) { return mse_loss(x[0], x[0] * real{3}); }});
    r.push_back({"cross_entropy", {{{4, 3}, -3, 3}}, [](const Inputs& x) {
                   return cross_entropy(x[0], ids_of({0, 2, 2, 1}, {4}), {2});
                 }});
    // queries in several blocks that begin after the first keys, heads in groups, all masks and dropout at once
    AttentionOptions all = attention_options(true);
    all.key_mask = Tensor::uniform({1, 70}, Rng(9), -1, 1);
    for (real& seen : all.key_mask.mutable_span()) seen = seen > 0 ? real{1} : real{0};
    all.score_bias = Tensor::uniform({2, 66, 70}, Rng(10), -1, 1);
    all.dropout = 0.2;
    r.push_back({"scaled_dot_product_attention",
                 {{{1, 66, 2, 1}}, {{1, 70, 1, 1}}, {{1, 70, 1, 1}}},
                 [all](const Inputs& x) { return scaled_dot_product_attention(x[0], x[1], x[2], all); }});
    r.push_back({"scaled_dot_product_attention", {{{1, 2, 2, 3}}, {{1, 0, 1, 3}}, {{1, 0, 1, 2}}}, [](const Inputs& x) {
                   return scaled_dot_product_attention(x[0], x[1], x[2]);
                 }});
    return r;
  }();
  return rows;
}

Inputs inputs_of(const Row& row) {
  Inputs inputs;
  std::uint64_t stream = 0;
  for (const Input& in : row.inputs)
    inputs.push_back(Tensor::uniform(in.shape, Rng(11).fork(stream++), in.low, in.high));
  return inputs;
}

}  // namespace

TEST_CASE("gradients of every op equal differences") {
  for (const Row& row : table()) CHECK_NOTHROW(check_gradients(row.op, row.f, inputs_of(row)));
}

TEST_CASE("a second backward over a kept graph adds exactly the same gradients again") {
  for (const Row& row : table()) {
    INFO(row.op);
    Inputs inputs = inputs_of(row);
    for (Tensor& x : inputs) x.set_requires_grad();
    const Tensor y = row.f(inputs), seed = Tensor::uniform(y.shape(), Rng(1), -1, 1);
    backward(y, seed, true);
    std::vector<Tensor> once;
    for (const Tensor& x : inputs) once.push_back(x.grad().defined() ? x.grad().clone() : Tensor());
    backward(y, seed);
    for (std::size_t n = 0; n < inputs.size(); ++n) {
      REQUIRE(inputs[n].grad().defined() == once[n].defined());
      for (index_t i = 0; once[n].defined() && i < once[n].numel(); ++i) {
        REQUIRE(inputs[n].grad().data()[i] == 2 * once[n].data()[i]);
      }
    }
  }
}

TEST_CASE("every op gives the same bits on one thread, two and three") {
  const int before = threads();
  for (const Row& row : table()) {
    std::vector<std::vector<real>> first;
    for (const int count : {1, 2, 3}) {
      set_threads(count);
      Inputs inputs = inputs_of(row);
      for (Tensor& x : inputs) x.set_requires_grad();
      const Tensor y = row.f(inputs);
      backward(y, Tensor::uniform(y.shape(), Rng(1)));
      std::vector<std::vector<real>> results{{y.span().begin(), y.span().end()}};
      for (const Tensor& x : inputs) {
        if (x.grad().defined()) results.emplace_back(x.grad().span().begin(), x.grad().span().end());
      }
      if (count == 1) first = results;
      INFO(row.op << " on " << count << " threads");
      REQUIRE(first == results);
    }
  }
  set_threads(before);
}

TEST_CASE("every op of the sources has a row in the table, and every row makes its op") {
  std::set<std::string> made, tested;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(HEDDLE_SOURCE_DIR "/framework")) {
    if (entry.path().extension() != ".cpp" && entry.path().extension() != ".h") continue;
    std::ifstream in(entry.path());
    const std::string source(std::istreambuf_iterator<char>(in), {});
    // an op's name is the first argument of make_result, or of the helpers for ops of one tensor
    static const std::regex pattern(R"((?:make_result|unary<Keep::[xy]>|activated<\w+>)\(\s*"(\w+)\")");
    for (auto m = std::sregex_iterator(source.begin(), source.end(), pattern); m != std::sregex_iterator(); ++m)
      made.insert((*m)[1]);
  }
  for (const Row& row : table()) {
    Inputs inputs = inputs_of(row);
    for (Tensor& x : inputs) x.set_requires_grad();
    const Profile profile;  // hears of every op by the name that make_result was given
    row.f(inputs);
    std::set<std::string> heard;
    for (const Profile::Row& op : profile.rows()) heard.insert(op.name);
    INFO(row.op);
    REQUIRE(heard.count(row.op) == 1);
    for (const std::string& op : heard) REQUIRE(made.count(op) == 1);
    tested.insert(row.op);
  }
  REQUIRE(made.size() > 30);
  REQUIRE(made == tested);
}

}  // namespace heddle
