#include "train/analysis/geometry/affinities.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace heddle {
namespace {

/// Probabilities of one point's neighbours from their squared distances, the nearest first.
void conditional_row(std::span<const double> squared, double perplexity, std::span<real> out) {
  const double wanted = std::log(perplexity), nearest = squared.front();
  const double mean = std::accumulate(squared.begin(), squared.end(), 0.0) / static_cast<double>(squared.size());
  double low = 0, high = std::numeric_limits<double>::infinity(), sum = 1;
  double beta = mean > nearest ? 1 / (mean - nearest) : 1;
  constexpr int kSteps = 100;  // a quarter of them will do, unless too many neighbours are equally near
  for (int step = 0; step < kSteps; ++step) {
    double moment = 0;
    sum = 0;
    for (std::size_t j = 0; j < squared.size(); ++j) {
      const double farther = squared[j] - nearest, weight = std::exp(-beta * farther);
      sum += weight;
      moment += weight * farther;
      out[j] = static_cast<real>(weight);
    }
    const double entropy = std::log(sum) + beta * moment / sum;
    if (std::abs(entropy - wanted) < 1e-6) break;
    (entropy > wanted ? low : high) = beta;
    beta = std::isinf(high) ? 2 * beta : (low + high) / 2;
  }
  for (real& value : out) value = static_cast<real>(value / sum);
}

struct Entry {
  std::int32_t id;
  real value;
};

/// Who has i as a neighbour, and with which probability, for every i.
std::vector<std::vector<Entry>> incoming(const Neighbours& neighbours, const std::vector<real>& conditional) {
  const std::size_t count = static_cast<std::size_t>(neighbours.count);
  std::vector<std::vector<Entry>> lists(conditional.size() / count);
  for (std::size_t e = 0; e < conditional.size(); ++e)
    lists[static_cast<std::size_t>(neighbours.ids[e])].push_back(
        {static_cast<std::int32_t>(e / count), conditional[e]});
  return lists;
}

}  // namespace

std::vector<real> conditional_affinities(const Neighbours& neighbours, double perplexity) {
  const index_t count = neighbours.count, n = std::ssize(neighbours.ids) / count;
  ensure(perplexity >= 1 && perplexity <= static_cast<double>(count), "affinities: perplexity ", perplexity,
         " is not within 1 .. ", count, ", the number of neighbours");
  std::vector<real> out(neighbours.ids.size());
  const auto row = [&](auto& values, index_t i) {
    return std::span(values).subspan(static_cast<std::size_t>(i * count), static_cast<std::size_t>(count));
  };
  constexpr index_t kWork = 500;  // of an exponential, beside an element's
  parallel_rows(n, kWork * count,
                [&](index_t i) { conditional_row(row(neighbours.squared, i), perplexity, row(out, i)); });
  return out;
}

Affinities joint_affinities(const Neighbours& neighbours, const std::vector<real>& conditional) {
  std::vector<std::vector<Entry>> rows = incoming(neighbours, conditional);
  const index_t count = neighbours.count, n = std::ssize(rows);
  parallel_rows(n, 100 * count, [&](index_t i) {
    auto& row = rows[static_cast<std::size_t>(i)];
    for (index_t e = i * count; e < (i + 1) * count; ++e)
      row.push_back({neighbours.ids[static_cast<std::size_t>(e)], conditional[static_cast<std::size_t>(e)]});
    std::sort(row.begin(), row.end(), [](const Entry& a, const Entry& b) { return a.id < b.id; });
    std::size_t last = 0;
    for (std::size_t e = 1; e < row.size(); ++e) {
      if (row[e].id == row[last].id) {
        row[last].value += row[e].value;
      } else {
        row[++last] = row[e];
      }
    }
    row.resize(last + 1);
  });
  Affinities joint;
  joint.begin.push_back(0);
  for (const auto& row : rows) joint.begin.push_back(joint.begin.back() + std::ssize(row));
  joint.ids.reserve(static_cast<std::size_t>(joint.begin.back()));
  joint.values.reserve(static_cast<std::size_t>(joint.begin.back()));
  for (const auto& row : rows) {
    for (const auto& [id, value] : row) {
      joint.ids.push_back(id);
      joint.values.push_back(value / static_cast<real>(2 * n));
    }
  }
  return joint;
}

}  // namespace heddle
