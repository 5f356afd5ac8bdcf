// What ops refuse: by the op's name, with the shapes.

#include <catch2/catch.hpp>
#include <functional>

#include "framework/ops.h"

namespace heddle {

TEST_CASE("wrong shapes and values are refused by the op's name") {
  const auto t = [](std::initializer_list<index_t> sizes) { return Tensor::zeros(Shape(sizes)); };
  const std::vector<std::pair<std::string, std::function<void()>>> cases = {
      {"add: [2, 3] and [4] cannot be broadcast",
       [&] {
         add(t({2, 3}), t({4}));
       }},
      {"add: an operand is undefined", [&] { add(Tensor(), t({2})); }},
      {"where: an operand is undefined", [&] { where(Tensor(), t({2}), t({2})); }},
      {"exp: x is undefined", [] { exp(Tensor()); }},
      {"multiply_constant: x is undefined", [] { multiply(Tensor(), 2); }},
      {"dropout: x is undefined", [] { dropout(Tensor(), 0.5, Rng(1)); }},
      {"sum: x is undefined", [] { sum(Tensor()); }},
      {"expand: x is undefined", [] { expand(Tensor(), Shape{2}); }},
      {"permute: x is undefined", [] { permute(Tensor(), {}); }},
      {"transpose: axis 2 is not in shape [2, 3]",
       [&] {
         transpose(t({2, 3}), 0, 2);
       }},
      {"slice: axis 0 is not in shape []", [&] { slice(t({}), 0, 0, 1); }},
      {"concat: axis 1 is not in shape [2]", [&] { concat({t({2})}, 1); }},
      {"where: ", [&] { where(t({2}), t({3}), t({3})); }},
      {"dropout: probability 1", [&] { dropout(t({1}), 1, Rng(1)); }},
      {"sum: axis 2 is not in shape [2, 3]",
       [&] {
         sum(t({2, 3}), {2});
       }},
      {"sum: axis -1 is named twice",
       [&] {
         sum(t({2, 3}), {1, -1});
       }},
      {"mean: x [0] has no element", [&] { mean(t({0})); }},
      {"max: x [2, 0] has no element",
       [&] {
         max(t({2, 0}), {1});
       }},
      {"variance: x [1]", [&] { variance(t({1}), {}, false, 1); }},
      {"argmax: axis 1 is not in shape [2]", [&] { argmax(t({2}), 1); }},
      {"softmax: x [] needs at least one axis", [&] { softmax(t({})); }},
      {"layer_norm: weight [4] does not fit x [2, 3]",
       [&] {
         layer_norm(t({2, 3}), t({4}), {});
       }},
      {"layer_norm: bias [4] does not fit",
       [&] {
         layer_norm(t({2, 3}), t({3}), t({4}));
       }},
      {"rms_norm: weight [4] does not fit",
       [&] {
         rms_norm(t({2, 3}), t({4}));
       }},
      {"reshape: x [2, 3] cannot become [4]",
       [&] {
         reshape(t({2, 3}), Shape{4});
       }},
      {"reshape: x [2, 3] does not divide into rows of 4",
       [&] {
         reshape(t({2, 3}), std::vector<index_t>{-1, 4});
       }},
      {"reshape: more than one size is -1",
       [&] {
         reshape(t({2, 3}), std::vector<index_t>{-1, -1});
       }},
      {"permute: x [2, 3] has 2 axes, not 1",
       [&] {
         permute(t({2, 3}), {0});
       }},
      {"permute: axis 0 is named twice",
       [&] {
         permute(t({2, 3}), {0, 0});
       }},
      {"slice: [1, 4) is not within axis 1 of x [2, 3]",
       [&] {
         slice(t({2, 3}), 1, 1, 4);
       }},
      {"concat: [2, 4] and [2, 3] differ in more than axis 0",
       [&] {
         concat({t({2, 3}), t({2, 4})}, 0);
       }},
      {"stack: [3] and [2] differ",
       [&] {
         stack({t({2}), t({3})}, 0);
       }},
      {"expand: x [3] cannot become [1]", [&] { expand(t({3}), {1}); }},
      {"gather: an id is outside 0 .. 2",
       [&] {
         gather(t({2, 3}), 1, IdTensor({0, 3}, {2, 1}));
       }},
      {"embedding: id 5 is outside 0 .. 4",
       [&] {
         embedding(IdTensor({5}, {1}), t({5, 2}));
       }},
      {"matmul: a [2, 3] and b [2, 3] do not fit",
       [&] {
         matmul(t({2, 3}), t({2, 3}));
       }},
      {"linear: x [8, 5] needs last axis 4 (weight [3, 4])",
       [&] {
         linear(t({8, 5}), t({3, 4}));
       }},
      {"linear: bias [4] does not fit",
       [&] {
         linear(t({8, 4}), t({3, 4}), t({4}));
       }},
      {"scaled_dot_product_attention: causal with 3 queries and only 2 keys",
       [&] {
         AttentionOptions o;
         o.causal = true;
         scaled_dot_product_attention(t({1, 3, 1, 2}), t({1, 2, 1, 2}), t({1, 2, 1, 2}), o);
       }},
      {"scaled_dot_product_attention: 2 groups of keys do not divide 3 heads",
       [&] {
         scaled_dot_product_attention(t({1, 3, 3, 2}), t({1, 2, 2, 2}), t({1, 2, 2, 2}));
       }},
      {"scaled_dot_product_attention: key mask [2]",
       [&] {
         AttentionOptions o;
         o.key_mask = t({2});
         scaled_dot_product_attention(t({1, 2, 1, 2}), t({1, 2, 1, 2}), t({1, 2, 1, 2}), o);
       }},
      {"rotary: x [1, 2, 3, 5]",
       [&] {
         rotary(t({1, 2, 3, 5}));
       }},
      {"cross_entropy: target 3 is outside 0 .. 2",
       [&] {
         cross_entropy(t({1, 3}), IdTensor({3}, {1}));
       }},
      {"cross_entropy: rows [2] and targets [3]",
       [&] {
         cross_entropy(t({2, 3}), IdTensor({0, 0, 0}, {3}));
       }},
      {"linear_cross_entropy: x [2, 3] and weight [5, 4]",
       [&] {
         linear_cross_entropy(t({2, 3}), t({5, 4}), IdTensor({0, 0}, {2}));
       }},
      {"linear_cross_entropy: bias [4] does not fit weight [5, 3]",
       [&] {
         linear_cross_entropy(t({2, 3}), t({5, 3}), IdTensor({0, 0}, {2}), {}, t({4}));
       }},
      {"linear_cross_entropy: target 5 is outside 0 .. 4",
       [&] {
         linear_cross_entropy(t({1, 3}), t({5, 3}), IdTensor({5}, {1}));
       }},
      {"cross_entropy: label smoothing 1",
       [&] {
         cross_entropy(t({1, 3}), IdTensor({0}, {1}), {-1, 1});
       }},
      {"linear_cross_entropy: a soft-cap of -1",
       [&] {
         linear_cross_entropy(t({1, 3}), t({5, 3}), IdTensor({0}, {1}), {-1, 0, {}, Precision::f32, -1});
       }},
      {"mse_loss: prediction [2] and target [3]", [&] { mse_loss(t({2}), t({3})); }},
      {"bce_with_logits: logits [2] and target [3]", [&] { bce_with_logits(t({2}), t({3})); }},
  };
  for (const auto& [text, call] : cases) {
    INFO(text);
    CHECK_THROWS_WITH(call(), Catch::Contains(text));
  }
  CHECK(softmax(t({0, 3})).numel() == 0);
}

}  // namespace heddle
