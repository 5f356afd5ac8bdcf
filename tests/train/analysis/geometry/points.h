#pragma once

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <utility>
#include <vector>

#include "framework/tensor.h"

namespace heddle {

/// Clouds of `each` normally distributed points, `apart` from each other: cloud c is centred on axis c.
inline Tensor clouds(index_t count, index_t each, index_t dims, double apart) {
  Tensor x = Tensor::normal({count * each, dims}, Rng(11));
  for (index_t i = 0; i < count * each; ++i)
    x.mutable_data()[i * dims + i / each] += static_cast<real>(apart / std::sqrt(2.0));
  return x;
}

/// Points with whole coordinates in 0 .. side - 1: many at equal distances, some equal.
inline Tensor grid_points(index_t n, index_t dims, std::uint64_t side, std::uint64_t seed) {
  Tensor x({n, dims});
  for (index_t i = 0; i < x.numel(); ++i)
    x.mutable_data()[i] = static_cast<real>(Rng(seed).below(side, static_cast<std::uint64_t>(i)));
  return x;
}

inline double squared_distance(const Tensor& x, index_t i, index_t j) {
  double sum = 0;
  for (index_t d = 0; d < x.size(1); ++d)
    sum += std::pow(double{x.data()[i * x.size(1) + d]} - x.data()[j * x.size(1) + d], 2);
  return sum;
}

/// The other points by distance from point i; of equally distant ones the first comes first.
inline std::vector<index_t> by_distance(const Tensor& x, index_t i) {
  std::vector<std::pair<double, index_t>> others;
  for (index_t j = 0; j < x.size(0); ++j) {
    if (j != i) others.emplace_back(squared_distance(x, i, j), j);
  }
  std::sort(others.begin(), others.end());
  std::vector<index_t> ids;
  for (const auto& [distance, j] : others) ids.push_back(j);
  return ids;
}

inline std::vector<real> values_of(const Tensor& x) { return {x.span().begin(), x.span().end()}; }

/// Requires that make() returns equal values on one, two and three threads.
template <class Make>
void require_same_on_any_threads(const Make& make) {
  const int before = threads();
  set_threads(1);
  const auto expected = make();
  for (const int count : {2, 3}) {
    set_threads(count);
    const auto values = make();
    set_threads(before);
    REQUIRE(values == expected);
  }
  set_threads(before);
}

}  // namespace heddle
