#pragma once

#include <catch2/catch.hpp>

#include "models/bert.h"
#include "tests/golden/golden.h"

/// Tiny BERTs and what they are shown.
namespace heddle {

constexpr bool kDouble = sizeof(real) == sizeof(double);
constexpr double kTolerance = kDouble ? 1e-9 : 1e-4;

inline BertConfig tiny(NormPosition position = NormPosition::post) {
  BertConfig config;
  config.n_layer = 2;
  config.n_head = 3;
  config.n_embd = 12;
  config.context = 7;
  config.norm_position = position;
  return config;
}

/// Data of 11 tokens, and of classes.
inline DataSpec spec_of(std::size_t classes) {
  DataSpec spec;
  for (int i = 0; i < 11; ++i) spec.tokens.push_back(std::string(1, static_cast<char>('a' + i)));
  for (std::size_t i = 0; i < classes; ++i) spec.labels.push_back(std::to_string(i));
  return spec;
}

/// Rows of `time` tokens, of which the first `lengths` are no padding; some are to be filled in, or each row has a
/// class.
inline Batch some_batch(const std::vector<index_t>& lengths, index_t time, bool classes) {
  const index_t rows = std::ssize(lengths);
  Batch batch;
  batch.inputs = batch.segments = batch.targets = IdTensor({rows, time});
  batch.mask = Tensor::zeros({rows, time});
  for (index_t row = 0; row < rows; ++row) {
    for (index_t t = 0; t < time; ++t) {
      const bool there = t < lengths[static_cast<std::size_t>(row)];
      const index_t i = row * time + t;
      batch.inputs[i] = there ? static_cast<std::int32_t>((row * 5 + t * 7 + 3) % 11) : 0;
      batch.segments[i] = there && 2 * t > row + 2 ? 1 : 0;
      batch.mask.mutable_data()[i] = there ? real{1} : real{0};
      batch.targets[i] = there && (row + t) % 3 == 0 ? static_cast<std::int32_t>((row * 3 + t) % 11) : kIgnore;
    }
  }
  if (classes) {
    batch.targets = IdTensor({rows});
    for (index_t row = 0; row < rows; ++row) batch.targets[row] = static_cast<std::int32_t>(row % 3);
  }
  return batch;
}

/// Rows [first, first + count) of a batch.
inline Batch rows_of(const Batch& all, index_t first, index_t count) {
  const index_t time = all.inputs.size(1);
  const auto part = [&](const IdTensor& ids) {
    const index_t width = ids.ndim() == 2 ? time : 1;
    return IdTensor(std::vector<std::int32_t>(ids.data() + first * width, ids.data() + (first + count) * width),
                    ids.ndim() == 2 ? Shape{count, time} : Shape{count});
  };
  Batch batch;
  batch.inputs = part(all.inputs);
  batch.segments = part(all.segments);
  batch.targets = part(all.targets);
  batch.mask = slice(all.mask, 0, first, first + count);
  batch.first_row = all.first_row + first;
  return batch;
}

inline IdTensor every_place(const Batch& batch) {
  IdTensor places({batch.inputs.numel()});
  for (index_t i = 0; i < places.numel(); ++i) places[i] = static_cast<std::int32_t>(i);
  return places;
}

inline Context training(index_t first_row = 0) {
  Context context;
  context.training = true;
  context.rng = Rng(5);
  context.first_row = first_row;
  return context;
}

/// The loss of a batch, and the gradient of each parameter, which has none then.
inline std::vector<std::vector<double>> differentiate(Bert& model, const Batch& batch, index_t divisor,
                                                      Context context) {
  const Loss loss = model.loss(batch, divisor, context);
  REQUIRE(loss.count == batch.count());
  backward(loss.value);
  std::vector<std::vector<double>> all{{loss.value.item()}};
  for (NamedParameter p : model.named_parameters()) {
    all.emplace_back(p.tensor.grad().span().begin(), p.tensor.grad().span().end());
    p.tensor.zero_grad();
  }
  return all;
}

inline void check_near(const std::vector<std::vector<double>>& got, const std::vector<std::vector<double>>& wanted) {
  REQUIRE(got.size() == wanted.size());
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    INFO("parameter " << i);
    const Tensor values = Tensor::from(std::vector<real>(got[i].begin(), got[i].end()), {std::ssize(got[i])});
    CHECK(golden_error(values, wanted[i]) < (kDouble ? 1e-12 : 2e-5));
  }
}

inline std::vector<real> elements(const Tensor& x) { return {x.span().begin(), x.span().end()}; }

}  // namespace heddle
