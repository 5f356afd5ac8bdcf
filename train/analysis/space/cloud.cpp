#include "train/analysis/space/cloud.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "framework/ops.h"

namespace heddle {
namespace {

double length_of_row(const Tensor& x, index_t row) {
  double squares = 0;
  for (index_t d = 0; d < x.size(1); ++d) {
    const double value = x.data()[row * x.size(1) + d];
    squares += value * value;
  }
  return std::sqrt(squares);
}

}  // namespace

Norms norms(const Tensor& x) {
  std::vector<double> lengths;
  for (index_t i = 0; i < x.size(0); ++i) lengths.push_back(length_of_row(x, i));
  const auto count = static_cast<double>(lengths.size());
  const double mean = std::accumulate(lengths.begin(), lengths.end(), 0.0) / count;
  double squares = 0;
  for (const double length : lengths) squares += (length - mean) * (length - mean);
  return {mean, std::sqrt(squares / count)};
}

double mean_cosine(const Tensor& x) {
  const index_t dims = x.size(1);
  std::vector<double> sum(static_cast<std::size_t>(dims));
  double count = 0;
  for (index_t i = 0; i < x.size(0); ++i) {
    const double length = length_of_row(x, i);
    if (length == 0) continue;
    for (index_t d = 0; d < dims; ++d) sum[static_cast<std::size_t>(d)] += x.data()[i * dims + d] / length;
    ++count;
  }
  // |sum of u_i|^2 holds u_i . u_j of all pairs twice, and of each row with itself 1
  return (std::inner_product(sum.begin(), sum.end(), sum.begin(), 0.0) - count) / (count * (count - 1));
}

std::vector<index_t> dominant_dimensions(const Tensor& x, index_t count) {
  const index_t dims = x.size(1);
  ensure(count <= dims, "dominant dimensions: there are ", dims, ", not ", count);
  std::vector<double> squares(static_cast<std::size_t>(dims));
  for (index_t i = 0; i < x.size(0); ++i) {
    for (index_t d = 0; d < dims; ++d) {
      const double value = x.data()[i * dims + d];
      squares[static_cast<std::size_t>(d)] += value * value;
    }
  }
  std::vector<index_t> order(squares.size());
  std::iota(order.begin(), order.end(), index_t{0});
  std::stable_sort(order.begin(), order.end(), [&](index_t a, index_t b) {
    return squares[static_cast<std::size_t>(a)] > squares[static_cast<std::size_t>(b)];
  });
  order.resize(static_cast<std::size_t>(count));
  return order;
}

Tensor without_dimensions(const Tensor& x, const std::vector<index_t>& dimensions) {
  Tensor rest = x.clone();
  real* const values = rest.mutable_data();
  for (index_t i = 0; i < x.size(0); ++i) {
    for (const index_t d : dimensions) values[i * x.size(1) + d] = 0;
  }
  return rest;
}

double participation_ratio(const Tensor& x) {
  const index_t count = x.size(0), dims = x.size(1);
  std::vector<double> means(static_cast<std::size_t>(dims));
  for (index_t i = 0; i < x.numel(); ++i) means[static_cast<std::size_t>(i % dims)] += x.data()[i];
  Tensor centred(x.shape());
  real* const to = centred.mutable_data();
  for (index_t i = 0; i < x.numel(); ++i)
    to[i] = static_cast<real>(x.data()[i] - means[static_cast<std::size_t>(i % dims)] / static_cast<double>(count));
  const Tensor products = matmul(centred, centred, true, false);
  double trace = 0, squares = 0;
  for (index_t d = 0; d < dims; ++d) trace += products.data()[d * dims + d];
  for (const double product : products.span()) squares += product * product;
  return trace * trace / squares;
}

}  // namespace heddle
