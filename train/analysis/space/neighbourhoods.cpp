#include "train/analysis/space/neighbourhoods.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "framework/ops.h"

namespace heddle {

Tensor distinct_rows(const Tensor& x) {
  const index_t dims = x.size(1);
  std::vector<std::int32_t> order(static_cast<std::size_t>(x.size(0))), kept;
  std::iota(order.begin(), order.end(), 0);
  const auto row = [&](std::int32_t i) { return std::span(x.data() + i * dims, static_cast<std::size_t>(dims)); };
  const auto before = [&](std::int32_t a, std::int32_t b) {
    return std::ranges::lexicographical_compare(row(a), row(b));
  };
  std::stable_sort(order.begin(), order.end(), before);
  for (std::size_t i = 0; i < order.size(); ++i) {
    if (i == 0 || before(order[i - 1], order[i])) kept.push_back(order[i]);
  }
  std::sort(kept.begin(), kept.end());
  return embedding(IdTensor(kept, {std::ssize(kept)}), x.detach());
}

double two_nn(const Neighbours& neighbours) {
  constexpr double kKept = 0.9;
  ensure(neighbours.count >= 2, "TwoNN: wants the two nearest neighbours of each point, not ", neighbours.count);
  std::vector<double> ratios;  // ln mu
  for (std::size_t i = 0; i < neighbours.squared.size(); i += static_cast<std::size_t>(neighbours.count))
    ratios.push_back(std::log(neighbours.squared[i + 1] / neighbours.squared[i]) / 2);
  std::sort(ratios.begin(), ratios.end());
  const auto points = static_cast<double>(ratios.size());
  double products = 0, squares = 0;
  for (std::size_t i = 0; i < static_cast<std::size_t>(kKept * points); ++i) {
    products -= ratios[i] * std::log1p(-static_cast<double>(i + 1) / points);
    squares += ratios[i] * ratios[i];
  }
  return squares > 0 ? products / squares : NAN;
}

double hubness(const Neighbours& neighbours) {
  const std::size_t points = neighbours.ids.size() / static_cast<std::size_t>(neighbours.count);
  std::vector<double> times(points);
  for (const std::int32_t id : neighbours.ids) ++times[static_cast<std::size_t>(id)];
  double squares = 0, cubes = 0;
  for (const double n : times) {
    const double from = n - static_cast<double>(neighbours.count);  // which is their mean
    squares += from * from;
    cubes += from * from * from;
  }
  const auto count = static_cast<double>(points);
  return squares > 0 ? cubes / count / std::pow(squares / count, 1.5) : 0;
}

}  // namespace heddle
