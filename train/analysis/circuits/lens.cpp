#include "train/analysis/circuits/lens.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <tuple>

#include "train/analysis/circuits/states.h"

namespace heddle {
namespace {

/// log_softmax in double.
std::vector<double> log_probabilities(const Tensor& scores) {
  std::vector<double> logs(scores.span().begin(), scores.span().end());
  const double most = *std::max_element(logs.begin(), logs.end());
  double total = 0;
  for (const double score : logs) total += std::exp(score - most);
  for (double& score : logs) score -= most + std::log(total);
  return logs;
}

TokenRank rank_of(const std::vector<double>& logs, index_t token) {
  const double own = logs[static_cast<std::size_t>(token)];
  index_t before = 0;
  for (index_t i = 0; i < std::ssize(logs); ++i) {
    const double other = logs[static_cast<std::size_t>(i)];
    before += other > own || (other == own && i < token) ? 1 : 0;
  }
  return {before + 1, std::exp(own)};
}

std::vector<ScoredToken> likeliest(const std::vector<double>& logs, index_t count) {
  std::vector<index_t> order(logs.size());
  std::iota(order.begin(), order.end(), 0);
  const auto log_of = [&](index_t token) { return logs[static_cast<std::size_t>(token)]; };
  const auto end = order.begin() + std::min(count, std::ssize(order));
  std::partial_sort(order.begin(), end, order.end(),
                    [&](index_t a, index_t b) { return std::tuple(-log_of(a), a) < std::tuple(-log_of(b), b); });
  std::vector<ScoredToken> top;
  for (auto token = order.begin(); token != end; ++token) top.push_back({*token, std::exp(log_of(*token))});
  return top;
}

double divergence(const std::vector<double>& p, const std::vector<double>& q) {
  double sum = 0;
  for (std::size_t i = 0; i < p.size(); ++i) sum += std::exp(p[i]) * (p[i] - q[i]);
  return sum;
}

}  // namespace

std::vector<LensLayer> logit_lens(const TokenStream& stream, const Capture& capture, index_t place, index_t count,
                                  std::optional<index_t> next) {
  check_head(stream);
  std::vector<std::vector<double>> logs;
  for (std::size_t i = 0; i <= stream.transformer->blocks.size(); ++i)
    logs.push_back(log_probabilities(stream.scores(state_at(capture, stream.path, i, place))));
  const index_t last = likeliest(logs.back(), 1)[0].token;
  std::vector<LensLayer> layers;
  for (const std::vector<double>& layer : logs) {
    layers.push_back({likeliest(layer, count), rank_of(layer, last), {}, divergence(logs.back(), layer)});
    if (next) layers.back().next = rank_of(layer, *next);
  }
  return layers;
}

}  // namespace heddle
