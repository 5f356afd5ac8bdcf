#include "train/analysis/circuits/circuits.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "framework/ops.h"
#include "train/analysis/geometry/linear_algebra.h"

namespace heddle {
namespace {

double frobenius(const Tensor& x) {
  double squares = 0;
  for (const real v : x.span()) squares += static_cast<double>(v) * static_cast<double>(v);
  return std::sqrt(squares);
}

/// With the norm and the singular values of a^T b, for a [D, C] and b [D, N]: [D, N].
Tensor reduced_product(const Tensor& a, const Tensor& b) { return matmul(triangular_factor(transpose(a, 0, 1)), b); }

/// Matrices [D, C] that read the stream as W_QK and W_OV do, but for rotations on their other side, and one that
/// writes.
struct Sides {
  explicit Sides(const HeadWeights& head)
      : q(reduced_product(head.key, head.query)),
        k(reduced_product(head.query, head.key)),
        v(reduced_product(transpose(head.output, 0, 1), head.value)),
        written(reduced_product(head.value, transpose(head.output, 0, 1))) {}
  Tensor q, k, v, written;  ///< all [D, C]
};

/// |read written^T| / (|read| |written|); of a matrix of zeros 0.
double composed(const Tensor& read, const Tensor& written) {
  const double sizes = frobenius(read) * frobenius(written);
  return sizes > 0 ? frobenius(matmul(read, written, false, true)) / sizes : 0;
}

Composition composition(const Sides& from, const Sides& to) {
  return {composed(to.q, from.written), composed(to.k, from.written), composed(to.v, from.written)};
}

Spread spread_of(const std::vector<ComposedHeads>& pairs, double Composition::*kind) {
  const auto count = static_cast<double>(pairs.size());
  Spread spread;
  for (const ComposedHeads& pair : pairs) spread.mean += pair.score.*kind / count;
  for (const ComposedHeads& pair : pairs) spread.deviation += std::pow(pair.score.*kind - spread.mean, 2) / count;
  spread.deviation = std::sqrt(spread.deviation);
  return spread;
}

std::optional<Copying> copying(const HeadWeights& head, const Tensor& embedding_by_head) {
  if (!embedding_by_head.defined()) return {};
  double most = 0, all = 0, sum = 0, positive = 0, counted = 0;
  const auto values = eigenvalues(matmul(matmul(head.value, embedding_by_head), head.output));
  for (const auto& value : values) most = std::max(most, std::abs(value));
  for (const auto& value : values) {
    all += std::abs(value);
    sum += value.real();
    if (std::abs(value) <= 1e-6 * most) continue;
    ++counted;
    positive += value.real() > 0 ? 1 : 0;
  }
  if (most == 0) return Copying{0, 0};
  return Copying{sum / all, positive / counted};
}

}  // namespace

double effective_rank(const std::vector<double>& singular_values) {
  const double sum = std::accumulate(singular_values.begin(), singular_values.end(), 0.0);
  if (sum == 0) return 0;
  double entropy = 0;
  for (const double value : singular_values) {
    if (value > 0) entropy -= value / sum * std::log(value / sum);
  }
  return std::exp(entropy);
}

HeadCircuits head_circuits(const HeadWeights& head, const Tensor& embedding_by_head) {
  std::vector<double> qk = singular_values(reduced_product(head.query, head.key));
  for (double& value : qk) value *= head.scale;
  std::vector<double> ov = singular_values(reduced_product(head.value, transpose(head.output, 0, 1)));
  const double qk_rank = effective_rank(qk), ov_rank = effective_rank(ov);
  return {head.attention, head.layer, head.head, std::move(qk),
          std::move(ov),  qk_rank,    ov_rank,   copying(head, embedding_by_head)};
}

Tensor tokens_by_head(const Tensor& embedding, const Tensor& unembedding) {
  return matmul(embedding, unembedding, true, false);
}

std::vector<ComposedHeads> compositions(const std::vector<HeadWeights>& heads) {
  std::vector<Sides> sides(heads.begin(), heads.end());
  std::vector<ComposedHeads> pairs;
  for (std::size_t i = 0; i < heads.size(); ++i) {
    for (std::size_t j = i + 1; j < heads.size(); ++j) {
      const HeadWeights &from = heads[i], &to = heads[j];
      if (from.cross() || to.cross() || from.path() != to.path() || from.layer == to.layer) continue;
      pairs.push_back(
          {from.attention, to.attention, from.layer, from.head, to.layer, to.head, composition(sides[i], sides[j])});
    }
  }
  return pairs;
}

CompositionSpread spread_of(const std::vector<ComposedHeads>& pairs) {
  return {spread_of(pairs, &Composition::q), spread_of(pairs, &Composition::k), spread_of(pairs, &Composition::v)};
}

CompositionSpread random_composition(index_t width, index_t size, const Rng& rng) {
  constexpr index_t kHeads = 8;
  std::vector<HeadWeights> heads;
  for (index_t i = 0; i < 2 * kHeads; ++i) {
    const Rng own = rng.fork(static_cast<std::uint64_t>(i));
    HeadWeights head;
    head.layer = i / kHeads;
    head.head = i % kHeads;
    head.attention = "blocks/" + std::to_string(head.layer) + "/attention";
    head.query = Tensor::normal({size, width}, own.fork(0));
    head.key = Tensor::normal({size, width}, own.fork(1));
    head.value = Tensor::normal({size, width}, own.fork(2));
    head.output = Tensor::normal({width, size}, own.fork(3));
    heads.push_back(std::move(head));
  }
  return spread_of(compositions(heads));
}

}  // namespace heddle
