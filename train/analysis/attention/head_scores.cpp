#include "train/analysis/attention/head_scores.h"

#include <cmath>
#include <cstdlib>
#include <unordered_map>

#include "framework/check.h"

namespace heddle {
namespace {

constexpr index_t kLocal = 4;  // places to either side

constexpr std::size_t number(HeadRole role) { return static_cast<std::size_t>(role); }

}  // namespace

void HeadScores::add(const Tensor& weights, std::span<const std::int32_t> ids, const std::vector<bool>& delimiters,
                     bool cross) {
  const index_t queries = weights.size(0), keys = weights.size(1);
  ensure(cross || queries == keys, "head scores: ", queries, " queries of ", keys, " keys are no self-attention");
  ensure(ids.empty() || std::ssize(ids) == keys, "head scores: ", ids.size(), " tokens for ", keys, " keys");
  const bool by_token = !ids.empty() && !delimiters.empty();
  std::unordered_map<std::int32_t, std::vector<index_t>> seen;  // earlier places of each token
  for (index_t i = 0; i < queries; ++i) {
    const real* const row = weights.data() + i * keys;
    const auto weight = [&](index_t j) { return static_cast<double>(row[j]); };
    const auto note = [&](HeadRole role, double value) {
      sums_[number(role)] += value;
      ++counts_[number(role)];
    };
    double entropy = 0, distance = 0, local = 0, delimiter = 0, total = 0, later = 0;
    for (index_t j = 0; j < keys; ++j) {
      const double w = weight(j);
      total += w;
      if (j > i) later += w;
      if (w > 0) entropy -= w * std::log(w);
      distance += w * static_cast<double>(std::abs(i - j));
      if (std::abs(i - j) <= kLocal) local += w;
      if (by_token && delimiters[static_cast<std::size_t>(ids[static_cast<std::size_t>(j)])]) delimiter += w;
    }
    if (total == 0) continue;  // a query that sees nothing
    note(HeadRole::entropy, entropy);
    if (i > 0 || cross) note(HeadRole::first, weight(0));
    if (by_token) note(HeadRole::delimiter, delimiter);
    if (cross) continue;
    note(HeadRole::distance, distance);
    note(HeadRole::same, weight(i));
    note(HeadRole::local, local);
    if (i > 0) note(HeadRole::previous, weight(i - 1));
    if (later > 0) note(HeadRole::next, weight(i + 1));
    if (ids.empty()) continue;
    std::vector<index_t>& before = seen[ids[static_cast<std::size_t>(i)]];
    if (!before.empty()) {
      double duplicate = 0;
      for (const index_t j : before) duplicate += weight(j);
      note(HeadRole::duplicate, duplicate);
    }
    before.push_back(i);
  }
}

void HeadScores::add_repeated(const Tensor& weights, index_t period) {
  const index_t queries = weights.size(0), keys = weights.size(1);
  for (index_t i = period; i < queries; ++i) {
    sums_[number(HeadRole::induction)] += static_cast<double>(weights.data()[i * keys + i - period + 1]);
    ++counts_[number(HeadRole::induction)];
  }
}

double HeadScores::mean(HeadRole role) const { return sums_[number(role)] / counts_[number(role)]; }

}  // namespace heddle
