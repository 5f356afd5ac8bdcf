#pragma once

#include <catch2/catch.hpp>

#include "framework/ops.h"
#include "framework/rng.h"
#include "framework/testing/gradient_check.h"
#include "models/model.h"
#include "tests/golden/golden.h"

namespace heddle {

/// Rows of random numbers of a shape, with the classes 0, 1, ... in turn.
inline Batch some_rows(index_t rows, Shape row, index_t classes) {
  std::vector<index_t> sizes{rows};
  for (int i = 0; i < row.ndim(); ++i) sizes.push_back(row[i]);
  Batch batch;
  batch.features = Tensor::uniform(Shape(sizes), Rng(3), -1, 1);
  batch.targets = IdTensor({rows});
  for (index_t i = 0; i < rows; ++i) batch.targets[i] = static_cast<std::int32_t>(i % classes);
  return batch;
}

/// The gradient of the loss of a whole model is what differences of the loss say: element by element in double; in
/// float along the gradient, where a relu's corner that a long step crosses weighs little.
inline void check_model_gradients(Model& model, const Batch& batch) {
  const auto loss = [&](const std::vector<Tensor>&) {
    Context context;
    return model.loss(batch, batch.count(), context).value;
  };
  std::vector<Tensor> parameters;
  for (const NamedParameter& p : model.named_parameters()) parameters.push_back(p.tensor);
  if (sizeof(real) == sizeof(double)) {
    CHECK_NOTHROW(check_gradients("model", loss, parameters));
    return;
  }
  backward(loss({}));
  double squares = 0;
  for (const Tensor& p : parameters) {
    for (const real g : p.grad().span()) squares += static_cast<double>(g) * static_cast<double>(g);
  }
  const auto along = [&](double step) {
    const NoGradGuard no_grad;
    const auto move = [&](double by) {
      for (Tensor& p : parameters) {
        real* const to = p.mutable_data();
        for (index_t i = 0; i < p.numel(); ++i) to[i] += static_cast<real>(by) * p.grad().data()[i];
      }
    };
    move(step);
    const double value = loss({}).item();
    move(-step);
    return value;
  };
  const double step = 1e-2 / std::sqrt(squares);
  CHECK((along(step) - along(-step)) / (2 * step) == Approx(squares).epsilon(0.02));
}

/// Rows [first, first + count) of a tensor.
inline Tensor rows_of(const Tensor& x, index_t first, index_t count) {
  const NoGradGuard no_grad;
  return slice(x, 0, first, first + count);
}

/// Losses and gradients of a batch's parts add up to the whole batch's, rows without a target and dropout included.
inline void check_parts_add_up(Model& model, const Batch& whole) {
  const auto parameters = model.named_parameters();
  const index_t rows = whole.rows();
  const auto run = [&](index_t of_part) {
    double loss = 0;
    index_t count = 0;
    for (index_t first = 0; first < rows; first += of_part) {
      Batch part;
      part.features = rows_of(whole.features, first, of_part);
      if (whole.mask.defined()) part.mask = rows_of(whole.mask, first, of_part);
      part.targets = IdTensor({of_part});
      for (index_t i = 0; i < of_part; ++i) part.targets[i] = whole.targets[first + i];
      Context context;
      context.training = true;
      context.rng = Rng(5);
      context.first_row = 40 + first;
      const Loss of = model.loss(part, whole.count(), context);
      backward(of.value);
      loss += of.value.item();
      count += of.count;
    }
    REQUIRE(count == whole.count());
    std::vector<std::vector<double>> all{{loss}};
    for (NamedParameter p : parameters) {
      all.emplace_back(p.tensor.grad().span().begin(), p.tensor.grad().span().end());
      p.tensor.zero_grad();
    }
    return all;
  };
  const auto all = run(rows);
  for (const index_t of_part : {rows / 2, index_t{1}}) {
    const auto parts = run(of_part);
    for (std::size_t i = 0; i < all.size(); ++i) {
      INFO(of_part << " rows: " << (i == 0 ? "loss" : parameters[i - 1].name));
      const Tensor got = Tensor::from(std::vector<real>(parts[i].begin(), parts[i].end()), {std::ssize(parts[i])});
      CHECK(golden_error(got, all[i]) < (sizeof(real) == 8 ? 1e-12 : 1e-5));
    }
  }
}

/// A model's scores while training or not, with the random numbers of a seed.
template <class Classifies>
std::vector<real> scores_of(Classifies& model, const Batch& batch, bool training, std::uint64_t seed) {
  Context context;
  context.training = training;
  context.rng = Rng(seed);
  const Tensor y = model.class_scores(batch, context);
  return {y.span().begin(), y.span().end()};
}

/// Dropout acts in training alone, and the same seed drops the same.
template <class Classifies>
void check_dropout(Classifies& model, const Batch& batch) {
  CHECK(scores_of(model, batch, false, 1) == scores_of(model, batch, false, 2));
  CHECK(scores_of(model, batch, true, 1) == scores_of(model, batch, true, 1));
  CHECK(scores_of(model, batch, true, 1) != scores_of(model, batch, true, 2));
  CHECK(scores_of(model, batch, true, 1) != scores_of(model, batch, false, 1));
}

}  // namespace heddle
